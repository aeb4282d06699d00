package sign

import (
	"fmt"
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/web/kit"
)

// Messages is the catalogue of what these pages say. A text with %s or %d takes what its comment names.
type Messages struct {
	InTitle     string
	InLead      string
	InAgain     string // before changing what one signs in with
	Login       string
	Password    string
	InButton    string
	InKey       string
	InWith      string // %s provider
	InForgot    string
	InRefused   string
	OutDone     string
	Out         string
	SSORefused  string
	SSODown     string
	SSOUnlinked string // %s who it is at the provider

	WaitSeconds string // %d
	WaitMinutes string // %d
	Busy        string

	SecondTitle   string
	SecondLead    string
	SecondCode    string
	SecondHelp    string
	SecondButton  string
	SecondRefused string

	PasswordTitle        string
	PasswordMust         string
	PasswordPresent      string
	PasswordNew          string
	PasswordRepeat       string
	PasswordButton       string
	PasswordEnds         string // other sessions
	PasswordPresentWrong string
	RulesText            string            // %d characters, %d kinds, %d characters
	Problems             map[string]string // by "code" or "field.code"; %s value

	ResetTitle    string
	ResetLead     string
	ResetButton   string
	ResetAsked    string // %d minutes
	ResetOver     string
	ResetNoMail   string
	ResetDone     string
	ResetNew      string
	LetterSubject string // %s network
	LetterText    string // %s name, %s network, %s link, %d minutes

	MeTitle      string
	MeLead       string // %s name, %s login
	MeNeed       string
	MePassword   string
	MeHas        string
	MeHasNot     string
	MeChange     string
	MeSet        string
	MeSecond     string
	MeSecondP    string
	MeSecondOn   string // %d codes left
	MeSecondSet  string
	MeSecondDrop string
	MeCodesNew   string
	MeKeys       string
	MeKeysP      string
	MeKeysNone   string
	MeKeysJS     string
	MeKeyName    string
	MeKeyNew     string
	MeKeyMade    string // %s
	MeKeyUsed    string // %s
	Remove       string
	RemoveWhat   string // %s
	MeLinks      string
	MeLinksP     string
	MeLink       string // %s provider
	MeUnlink     string // %s provider
	MeLinked     string // %s subject
	MeSessions   string
	MeSessionsP  string
	MeHere       string
	MeStrong     string
	MeSeen       string // %s
	MeEnd        string
	MeEndWhat    string // %s
	MeEndAll     string
	MeLanguage   string
	MeConsole    string
	Done         map[string]string
	WrongMe      map[string]string
	Never        string
	TimeFormat   string
	BrowserOn    string // %s browser, %s system
	SomeBrowser  string

	AppTitle   string
	AppLead    string
	AppPicture string
	AppSecret  string
	AppCode    string
	AppButton  string
	AppWrong   string

	CodesTitle string
	CodesLead  string
	CodesDone  string

	GoTitle string
	GoLead  string
	GoOn    string

	KeyRefused string
	KeyTaken   string
	KeyGaveUp  string
}

func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}

func (t *Messages) sprint(format string, a ...any) string { return fmt.Sprintf(format, a...) }

// rules says what a password must be like.
func (t *Messages) rules(r signin.PasswordRules) string {
	return fmt.Sprintf(t.RulesText, r.Min, r.Kinds, r.Long)
}

// problems says everything that is wrong.
func (t *Messages) problems(p errs.Problems) string {
	var out []string
	for _, x := range p {
		text, ok := t.Problems[x.Field+"."+x.Code]
		if !ok {
			text, ok = t.Problems[x.Code]
		}
		if !ok {
			text = t.Problems["other"]
		}
		if strings.Contains(text, "%s") {
			text = fmt.Sprintf(text, x.Value)
		}
		out = append(out, text)
	}
	return strings.Join(out, "")
}

// browser makes of what a browser calls itself something that people know their own by.
func (t *Messages) browser(agent string) string {
	find := func(names [][2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	// The first that fits: most call themselves by the names of others as well.
	name := find([][2]string{
		{"MicroMessenger", "WeChat"},
		{"HuaweiBrowser", "Huawei Browser"},
		{"QQBrowser", "QQ Browser"},
		{"UCBrowser", "UC Browser"},
		{"Edg", "Edge"},
		{"Firefox", "Firefox"},
		{"OPR/", "Opera"},
		{"Chrome", "Chrome"},
		{"Safari", "Safari"},
	})
	system := find([][2]string{
		{"HarmonyOS", "HarmonyOS"}, {"OpenHarmony", "HarmonyOS"}, {"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"Mac OS", "Mac"}, {"Linux", "Linux"},
	})
	switch {
	case name != "" && system != "":
		return fmt.Sprintf(t.BrowserOn, name, system)
	case name+system != "":
		return name + system
	default:
		return t.SomeBrowser
	}
}
