package web

import "xianfeng/web/kit"

// Messages is the catalogue of everything that the server's pages say. A text with %s or %d takes
// what its comment names. A test fails on a text that is missing in a language.
type Messages struct {
	NavLive string

	FrontLead     string
	FrontOnAir    string
	FrontAll      string
	FrontNothing  string
	FrontNothing2 string
	FrontOpen     string
	FrontOpenHelp string
	FrontName     string
	FrontNameHelp string
	FrontWatch    string
	FrontGoLive   string
	FrontBadName  string
	FrontNoName   string
	WatchNow      string
	OnAir         string

	LiveTitle   string
	LiveLead    string
	LiveEmpty   string
	LiveEmpty2  string
	LiveStale   string
	LiveCount   string // %d streams
	ColName     string
	ColViewers  string
	ColSince    string
	ColDetails  string
	ColWatch    string
	NoPicture   string
	NoSound     string
	Paused      string
	Viewers     string // %d viewers
	Minutes     string // %d minutes
	HoursMins   string // %d hours, %d minutes
	JustNow     string
	LiveUpdates string

	WatchTitle   string // %s name
	WatchBack    string
	WatchOther   string
	WatchOtherP  string
	WatchHLS     string
	WatchRTSP    string
	WatchNoJS    string
	WatchKeys    string
	WatchKeysT   string
	KeySpace     string
	KeyMute      string
	KeyFull      string
	KeyPiP       string
	KeyVolume    string
	WatchPublish string
	Copy         string
	Copied       string
	CopyFailed   string

	PubTitle      string // %s name
	PubLead       string
	PubNoJS       string
	PubNoWHIP     string
	PubPicture    string
	PubCamera     string
	PubScreen     string
	PubNoVideo    string
	PubCameraPick string
	PubMicPick    string
	PubMicNone    string
	PubQuality    string
	PubLow        string
	PubMid        string
	PubHigh       string
	PubKey        string
	PubKeyHelp    string // where it may be left empty
	PubKeyNeed    string // where it may not
	PubKeyWrong   string
	PubMute       string
	PubLevel      string
	PubOpen       string
	PubGo         string
	PubStop       string
	PubPreview    string
	PubWatch      string
	PubPrograms   string
	PubProgramsP  string
	PubKeyPlace   string // stands where the key goes
	PubKeyNeeded  string
	PubOBS        string
	PubOBSServer  string
	PubOBSKey     string
	PubOBSTips    string
	PubWHIP       string
	PubWHIPToken  string
	PubSRT        string
	PubRTSP       string
	PubFFmpeg     string
	PubFFmpegP    string

	FailName string
}

// messages returns the catalogue of a language.
func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}
