package hall

import (
	"fmt"

	"xianfeng/internal/errs"
	"xianfeng/web/kit"
)

// Messages is the catalogue of what these pages say. A text with %s or %d takes what its comment names.
type Messages struct {
	EnterTitle, EnterLead, Code, CodeHelp, Enter string
	CodeWrong, CodeTooMany                       string

	Next     string // over what comes
	None     string // nothing is on air or announced
	Soon     string // a countdown is about to end
	Days     string // %d
	People   string // %d have signed in
	Scan     string // beside the QR code
	QRLabel  string
	Leave    string
	NoScript string
	Screen   string // what is done with this screen

	AttendTitle, AttendAt string // %s %s: site, terminal
	Name, Phone           string
	PhoneHelp, Consent    string
	SignIn                string
	Done, DoneLead        string // %s: name
	Wrong                 string
	TicketOld             string
	TicketOldWhy          string
	TicketOver            string
	TicketOverWhy         string
	TooMany, Full         string
	Missing, Long, Bad    string // Long: %s
	BadPhone, Cookies     string
}

var inChinese = Messages{
	EnterTitle: "终端站点登录", EnterLead: "请管理员在后台“终端”中新建终端，把屏幕上的 8 位登录码输入到这里。登录后本屏幕会自动收看转播。",
	Code: "登录码", CodeHelp: "8 位数字，15 分钟内有效，只能使用一次。", Enter: "登录",
	CodeWrong: "登录码不对，或者已经过期。请核对后重新输入，或请管理员换一个新的登录码。", CodeTooMany: "输错次数太多，请过十分钟再试。",
	Next: "下一场转播", None: "现在没有转播。转播开始时，本屏幕会自动播放。", Soon: "马上开始", Days: "%d 天", People: "已签到 %d 人",
	Scan: "扫码签到", QRLabel: "签到二维码", Leave: "退出登录", NoScript: "终端站点需要启用 JavaScript。", Screen: "终端设置",
	AttendTitle: "收看签到", AttendAt: "%s · %s", Name: "姓名", Phone: "手机号", PhoneHelp: "可以不填。",
	Consent: "姓名和手机号只用于统计本次收看，由本站点管理员查看，两年后自动删除；您可以随时请管理员删除。",
	SignIn:  "签到", Done: "%s，签到成功", DoneLead: "请坐好收看。填错了可以在转播结束前重新扫码修改。",
	Wrong: "请检查下面的内容：", TicketOld: "二维码已过期", TicketOldWhy: "请重新扫描屏幕上的二维码。二维码每分钟更换一次。",
	TicketOver: "这场转播已经结束", TicketOverWhy: "结束十五分钟后不能再签到。",
	TooMany: "操作太频繁，请稍等一分钟再试。", Full: "这块屏幕前的签到人数已满，请告诉现场管理员。",
	Missing: "请填写。", Long: "太长了，最多 %s 个字。", Bad: "有不能使用的字符。", BadPhone: "请填写正确的手机号，或者留空。",
	Cookies: "您的浏览器不保存 Cookie，无法签到。请换用手机自带的浏览器扫码。",
}

var inEnglish = Messages{
	EnterTitle: "Sign in a hall's screen", EnterLead: "An administrator makes a terminal in the console and gets a code of 8 digits. Enter it here: from then on this screen shows broadcasts by itself.",
	Code: "Code", CodeHelp: "8 digits, good for 15 minutes and once.", Enter: "Sign in",
	CodeWrong: "The code is wrong, or too old. Check it and try again, or ask the administrator for another one.", CodeTooMany: "Too many wrong codes. Please try again in ten minutes.",
	Next: "Next broadcast", None: "Nothing is on air. This screen begins by itself when a broadcast does.", Soon: "About to begin", Days: "%d days", People: "%d signed in",
	Scan: "Scan to sign in", QRLabel: "QR code to sign in", Leave: "Sign out", NoScript: "A hall's screen needs JavaScript.", Screen: "Screen",
	AttendTitle: "Sign in to watch", AttendAt: "%s · %s", Name: "Name", Phone: "Telephone", PhoneHelp: "May be left empty.",
	Consent: "Your name and number are used to count who watched this broadcast. The site's administrators see them; they are deleted after two years, or earlier if you ask.",
	SignIn:  "Sign in", Done: "%s, you are signed in", DoneLead: "Enjoy the broadcast. To correct what you entered, scan again before it ends.",
	Wrong: "Please check what is below:", TicketOld: "This QR code is too old", TicketOldWhy: "Please scan the code on the screen again. It changes every minute.",
	TicketOver: "This broadcast is over", TicketOverWhy: "Nobody can sign in later than fifteen minutes after its end.",
	TooMany: "Too often. Please wait a minute.", Full: "No more people can sign in before this screen. Please tell whoever looks after it.",
	Missing: "Please fill this in.", Long: "Too long: at most %s characters.", Bad: "There are characters in it that can't be used.", BadPhone: "Please enter a telephone number, or leave it empty.",
	Cookies: "Your browser keeps no cookies, so you can't sign in. Please scan with the telephone's own browser.",
}

func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}

func (m *Messages) problem(p errs.Problem) string {
	switch {
	case p.Code == "missing":
		return m.Missing
	case p.Code == "long":
		return fmt.Sprintf(m.Long, p.Value)
	case p.Code == "cookies":
		return m.Cookies
	case p.Field == "phone":
		return m.BadPhone
	}
	return m.Bad
}
