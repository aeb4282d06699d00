package admin

import "xianfeng/web/kit"

// Messages is the catalogue of everything that the console says. A text with %s or %d takes what its comment
// names. A test fails on a text that is missing in a language.
type Messages struct {
	// the shell
	Console       string
	NavTodo       string
	NavPost       string
	NavReview     string
	NavMe         string
	NavArticles   string
	NavColumns    string
	NavLinks      string
	NavSite       string
	NavChildren   string
	NavPeople     string
	NavLive       string
	NavChannels   string
	NavStats      string
	NavReception  string
	NavHealth     string
	NavAudit      string
	NavMain       string
	NavSite2      string
	TreeLabel     string
	TreeOpen      string // %s
	TreeClose     string
	TreeMore      string // %d
	FindLabel     string
	FindPlace     string
	FindTitle     string
	FindGo        string
	FindNone      string
	FindCount     string // %d
	Undo          string
	Close         string
	VisitSite     string
	ProblemsTitle string
	Older         string
	Newer         string
	Next          string
	Prev          string
	Pager         string
	Save          string
	Cancel        string
	Actions       string
	Me            string
	Somebody      string
	System        string
	NoTitleYet    string
	Untitled      string
	Chosen        string // %d

	// what is mine to do
	TodoTitle    string
	TodoReviews  string
	TodoOffers   string
	TodoReturned string
	TodoDrafts   string
	TodoHealth   string
	TodoNone     string
	TodoNoneLead string
	TodoOffered  string // %s
	TodoWhy      string
	TodoLate     string // %d
	MineTitle    string
	MineSites    string
	MineAccount  string
	MineNone     string

	// articles
	AllStates      string
	AllColumns     string
	StateDraft     string
	StateReview    string
	StateScheduled string
	StatePublished string
	StateWithdrawn string
	Expired        string
	EditedSince    string
	Pinned         string
	KindText       string
	KindAlbum      string
	KindProduce    string
	ListEmpty      string
	ListEmptyLead  string
	ListFilter     string
	ListState      string
	ListColumn     string
	ListSearch     string
	ListBelow      string
	ListTitle      string
	ListSite       string
	ListChanged    string
	ListSelect     string // %s
	ListSelectAll  string
	ListBulk       string
	NewArticle     string
	Title          string
	Summary        string
	SummaryHelp    string
	Text           string
	TextHelp       string
	Format         string
	FormatHTML     string
	FormatMarkdown string
	Column         string
	Source         string
	Author         string
	Cover          string
	CoverHelp      string
	Pictures       string
	PicturesHelp   string
	Files          string
	FilesHelp      string
	Price          string
	PriceHelp      string
	Unit           string
	Season         string
	Seller         string
	Phone          string
	Until          string
	UntilHelp      string
	More           string
	Publish        string
	PublishChanges string
	PublishAt      string
	PublishAtHelp  string
	Submit         string
	SubmitNote     string
	SendBack       string
	Withdraw       string
	Delete         string
	Pin            string
	Unpin          string
	Remark         string
	RemarkHelp     string
	Refile         string
	RefileHelp     string
	RefileGo       string
	SaveDraft      string
	Versions       string
	Trail          string
	Public         string
	SeePublic      string
	Talk           string
	SaidSubmit     string
	SaidSendBack   string
	SaidPublish    string
	SaidWithdraw   string
	SaidSchedule   string
	SaidDecline    string
	KeptState      string
	SavingState    string
	SavedState     string
	OfflineState   string
	ConflictState  string // %s, %s
	ConflictKeep   string
	ConflictTake   string
	RefusedState   string
	LeftBehind     string // %s
	LeftRestore    string
	LeftForget     string

	// two who edit
	ConflictTitle  string
	ConflictLead   string // %s, %s
	ConflictMine   string
	ConflictTheirs string
	ConflictSave   string
	ConflictLeave  string
	ConflictDiff   string
	DiffAdded      string
	DiffRemoved    string

	// versions and where it went
	VersionsTitle  string
	VersionN       string // %d
	VersionLive    string
	VersionCompare string
	VersionFrom    string
	VersionTo      string
	VersionSame    string
	Restore        string
	TrailTitle     string
	TrailViews     string // %d
	TrailPlaces    string
	TrailHome      string
	TrailBelow     string // %d
	TrailNot       string
	PushTitle      string
	PushLead       string
	PushFind       string
	Push           string
	Unpush         string
	OfferTitle     string
	OfferTo        string
	OfferNote      string
	Offer          string
	OfferOpen      string
	OfferTaken     string
	OfferDeclined  string
	OfferWithdrawn string
	OfferList      string
	TakeBack       string
	Copies         string
	OriginIs       string
	OfferFrom      string // %s, %s
	Take           string
	TakePublic     string
	Decline        string
	DeclineWhy     string

	// 发一条
	PostTitle        string
	PostWords        string
	PostPlace        string
	PostPicture      string
	PostPictureLines string
	PostWhere        string
	PostPreview      string
	PostEdit         string
	PostNow          string
	PostReview       string
	PostDone         string
	PostSent         string
	PostDoneLead     string
	PostSentLead     string
	PostAgain        string
	PostKept         string
	PostWaiting      string // %d
	PostSendNow      string
	PostMic          string
	PostUploading    string
	PostRemove       string
	PostFailed       string
	PostOnSite       string // %s

	// sites
	Name           string
	Short          string
	ShortHelp      string
	Code           string
	CodeHelp       string
	Host           string
	Level          string
	LevelProvince  string
	LevelCity      string
	LevelCounty    string
	LevelTownship  string
	LevelVillage   string
	LevelPartner   string
	Intro          string
	Address        string
	Email          string
	Hours          string
	Contacts       string
	ContactDuty    string
	SiteNames      string
	SiteContact    string
	SiteLook       string
	Theme          string
	ThemeAbove     string
	Motto          string
	Photo          string
	PhotoHelp      string
	Blocks         string
	BlocksHelp     string
	BlockCall      string
	BlockSites     string
	BlockLinks     string
	BlockContact   string
	BlockOther     string
	MoveUp         string // %s
	MoveDown       string // %s
	Preview        string
	ChildrenNone   string
	ChildNew       string
	Create         string
	Rename         string
	Move           string
	MoveTo         string
	CloseSite      string
	Reopen         string
	Closed         string
	Import         string
	ImportTitle    string
	ImportLead     string
	ImportFile     string
	ImportDry      string
	ImportSkip     string
	ImportGo       string
	ImportNoFile   string
	ImportNoList   string
	ImportTooLarge string
	ImportBusy     string
	ImportRunning  string
	ImportDone     string
	ImportDryDone  string
	ImportNothing  string
	ImportRefused  string
	ImportCounts   string // %d, %d, %d, %d
	ImportBad      string
	ImportNotice   string
	ImportLine     string
	ImportUnknown  string
	ImportFailed   string

	// columns
	Kind         string
	NameEN       string
	Slug         string
	SlugHelp     string
	Position     string
	Inherit      string
	Hidden       string
	Own          string
	From         string // %s
	Hide         string
	Show         string
	ColumnNew    string
	ColumnDelete string

	// people
	PersonNew         string
	Login             string
	LoginHelp         string
	Role              string
	RoleNone          string
	RoleAdministrator string
	RoleEditor        string
	RoleAuthor        string
	RoleReviewer      string
	RoleModerator     string
	RoleViewer        string
	RoleOperator      string
	PeopleSearch      string
	PeopleNone        string
	LastSeen          string
	Never             string
	Disabled          string
	Disable           string
	Enable            string
	Grants            string
	GrantAdd          string
	GrantAt           string
	GrantRemove       string
	GrantBelow        string // %s
	Renew             string
	RenewHelp         string
	RenewDone         string
	Factors           string
	FactorsHelp       string
	Sessions          string
	SessionsNone      string
	SignOutAll        string

	// the log
	AuditLead   string
	AuditKind   string
	AuditAll    string
	AuditTime   string
	AuditWho    string
	AuditWhat   string
	AuditObject string
	AuditRemote string
	AuditExport string
	AuditVerify string
	AuditHolds  string // %d
	AuditBroken string
	AuditNone   string
	Backup      string

	// done
	DoneSave     string
	DoneSubmit   string
	DonePublish  string
	DoneSchedule string
	DoneSendBack string
	DoneWithdraw string
	DoneDelete   string
	DonePin      string
	DoneUnpin    string
	DoneRefile   string
	DoneUndone   string
	DoneRestore  string
	DonePush     string
	DoneUnpush   string
	DoneOffer    string
	DoneTakeBack string
	DoneTake     string
	DoneDecline  string
	DoneSite     string
	DoneCreate   string
	DoneMove     string
	DoneClose    string
	DoneReopen   string

	// what is wrong
	ProblemMissing string // %s
	ProblemLong    string // %s, %s
	ProblemMany    string // %s, %s
	ProblemUnknown string // %s, %s
	ProblemPast    string // %s
	ProblemField   string // %s
	ProblemBad     string
	ProblemTaken   string
	ProblemLevel   string
	ProblemLoop    string
	ProblemUsed    string
	ProblemPublic  string
	ProblemState   string
	ProblemColumn  string // %s
	ProblemKind    string
	ProblemDenied  string

	Target string
	URL    string
	Stream string

	// links
	LinkNew       string
	LinkTitle     string
	LinkSection   string
	LinkBroken    string
	LinkFine      string
	LinkUnchecked string
	LinkNone      string
	LinkChecked   string // %s
	LinkDelete    string

	// live
	LiveOnAir       string
	LiveNothing     string
	LiveNothingLead string
	LiveViewers     string // %d
	LiveShow        string
	LiveShown       string
	LiveWatch       string
	LiveAt          string
	LiveFrom        string // %s

	// broadcasts
	AirNew           string
	AirEdit          string
	AirUrgent        string
	AirGuide         string
	AirStreams       string
	AirPlanThis      string
	AirNone          string
	AirPlanned       string
	AirPlannedNone   string
	AirPast          string
	AirEnded         string
	AirCancelled     string
	AirStart         string
	AirEnd           string
	AirCancel        string
	AirExtend        string
	AirMinutes       string // %d
	AirPage          string
	AirModerate      string
	AirUnder         string // %s
	AirDelay         string // %s
	AirStream        string
	AirChannel       string
	AirItem          string
	AirWhat          string
	AirKind          string
	AirSource        string
	AirSourceHelp    string
	AirWhen          string
	AirStarts        string
	AirStartsHelp    string
	AirEnds          string
	AirEndsHelp      string
	AirLead          string
	AirLead10        string
	AirLead60        string
	AirLead1440      string
	AirLeadNow       string
	AirLeadNone      string
	AirLeadKeep      string // %s
	AirProfile       string
	AirNormal        string
	AirNormalHelp    string
	AirLow           string
	AirLowHelp       string
	AirWeak          string
	AirWeakHelp      string
	AirAround        string
	AirBefore        string
	AirBeforeHint    string
	AirAfter         string
	AirAfterHint     string
	AirChat          string
	AirChatOff       string
	AirChatModerated string
	AirChatOpen      string
	AirRecord        string
	AirReplay        string
	AirSilent        string
	AttendColumns    string // of the table for spreadsheets, with commas between them
	ShowingColumns   string
	AirSilentNow     string
	AirSilentUrgent  string
	AirChange        string
	AirEndSure       string
	AirStartSure     string
	TodoChats        string
	AirPlan          string
	AirNow           string
	AirBack          string
	AirContinue      string
	AirUrgentLead    string
	AirConfirm       string // %d
	AirConfirmOver   string
	AirConfirmNone   string
	AirConfirmYes    string
	AirConfirmNo     string
	AirOutranked     string // %s, %s
	AirStale         string // %s
	AirTheirs        string
	AirTwice         string
	AirTooMany       string
	Colon            string
	DoneAirNow       string
	DoneAirEnd       string
	DoneAirCancel    string
	DoneAirExtend    string
	DoneAirPlan      string
	DoneAirUrgent    string
	ProblemOrder     string // %s
	ProblemFar       string // %s

	// screens of halls, and who sits before them
	NavTerminals         string
	TerminalLead         string
	TerminalList         string
	TerminalNone         string
	TerminalNoneLead     string
	TerminalNew          string
	TerminalNameHelp     string
	TerminalAdd          string
	TerminalCodeOf       string // %s
	TerminalHow          string // %s
	TerminalOnce         string // %s
	TerminalOnline       string
	TerminalOffline      string
	TerminalUnsigned     string
	TerminalAwaits       string // %s
	TerminalSigned       string
	TerminalSeen         string
	TerminalRenew        string
	TerminalRemove       string
	TerminalRemoveHelp   string
	TerminalRemoveYes    string
	TerminalFull         string // %d
	Attendance           string
	AttendancePeople     string
	AttendanceMinutes    string
	AttendanceSites      string
	AttendanceOwn        string
	AttendanceTerminal   string
	AttendanceWhen       string
	AttendanceList       string
	AttendanceNone       string
	AttendanceNoneLead   string
	AttendanceExport     string
	AttendanceTerminals  string
	AttendanceForget     string
	AttendanceForgetHelp string
	AttendanceForgetYes  string
	AttendanceNote       string
	DoneTerminalRemove   string
	DoneForget           string

	// figures
	StatsFrom      string
	StatsTo        string
	StatsGo        string
	StatsPages     string
	StatsVisitors  string
	StatsPublished string
	StatsSites     string
	StatsBelow     string
	StatsOwn       string
	StatsAll       string
	StatsDays      string
	StatsDay       string
	StatsExport    string
	StatsNone      string
	StatsNote      string

	// how broadcasts are received
	ReceptionNone       string
	ReceptionNoneLead   string
	ReceptionGone       string
	ReceptionNote       string
	ReceptionOf         string // %s
	ReceptionThen       string
	ReceptionLive       string
	ReceptionLost       string
	ReceptionViewers    string
	ReceptionP50        string
	ReceptionP95        string
	ReceptionLate       string
	ReceptionStalls     string
	ReceptionErrors     string
	ReceptionError      string
	ReceptionNow        string
	ReceptionAll        string
	ReceptionTooLate    string
	ReceptionTooEarly   string
	ReceptionLateBy     string // %s
	ReceptionEarlyBy    string // %s
	ReceptionIn         string // %s
	ReceptionWays       string
	ReceptionWay        string
	ReceptionNative     string
	ReceptionOther      string
	ReceptionReports    string
	ReceptionRenditions string

	// health
	HealthLead   string
	HealthOK     string
	HealthWarn   string
	HealthBad    string
	HealthCounts string // %d, %d, %d
	HealthAll    string
	HealthOnly   string
	HealthLast   string
	HealthEmpty  string
	HealthStale  string
	HealthNone   string
	HealthMore   string
	FindingHome  string // %d, %d
	FindingStale string // %d, %d
	FindingEmpty string // %d, %d
	FindingOpen  string // %d, %d
	FindingLinks string // %d
}

func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}
