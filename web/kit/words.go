package kit

import "net/http"

// Words is the catalogue of what the frame and the pages of failure say.
type Words struct {
	SiteName  string // where the network has no name of its own
	Skip      string
	NavHome   string
	NavLive   string
	NavMain   string // label of the navigation
	OtherLang string // name of the other language, in that language
	Footer    string
	API       string
	SignOut   string
	Console   string
	Elder     string
	ElderOff  string
	Contrast  string
	ContrastX string // switch it off
	Reading   string // label of these switches
	Back      string
	Failures  map[int]Failure
}

// Failure is what a page of failure says.
type Failure struct{ Title, Reason string }

func words(l Lang) *Words {
	if l == English {
		return &inEnglish
	}
	return &inChinese
}

var inChinese = Words{
	SiteName: "先锋直播", Skip: "跳到正文", NavHome: "首页", NavLive: "正在直播", NavMain: "主导航", OtherLang: "English",
	Footer: "先锋 · 现场直播与收看", API: "数据接口", SignOut: "退出", Console: "管理台",
	Elder: "长者版", ElderOff: "标准版", Contrast: "高对比度", ContrastX: "标准配色", Reading: "阅读方式", Back: "回到首页",
	Failures: map[int]Failure{
		http.StatusBadRequest:            {"地址或内容有误", "请检查后再试。"},
		http.StatusForbidden:             {"没有权限", "您没有权限查看或操作此内容。需要权限时，请联系本级或上级管理员。"},
		http.StatusNotFound:              {"没有这个页面", "地址可能写错了，或者页面已经移走。"},
		http.StatusConflict:              {"别人刚刚改过", "在您编辑期间，内容已被别人修改。请返回，核对后再保存。"},
		http.StatusGone:                  {"站点已停用", "这个站点已经停用，内容不再提供。"},
		http.StatusRequestEntityTooLarge: {"内容太大", "请减小后再试。"},
		http.StatusUnprocessableEntity:   {"内容不合要求", "请返回，按提示修改后再提交。"},
		http.StatusTooManyRequests:       {"操作太频繁", "请稍候再试。"},
		http.StatusInternalServerError:   {"服务器出错了", "不是您的问题。请稍后再试，仍不行时请告诉管理员。"},
		http.StatusServiceUnavailable:    {"暂时无法访问", "服务器正忙或正在维护，请稍后再试。"},
		http.StatusInsufficientStorage:   {"空间已满", "服务器没有空间了，请告诉管理员。"},
	},
}

var inEnglish = Words{
	SiteName: "Xianfeng Live", Skip: "Skip to content", NavHome: "Home", NavLive: "On air", NavMain: "Main", OtherLang: "中文",
	Footer: "Xianfeng · live from anywhere", API: "Data (API)", SignOut: "Sign out", Console: "Console",
	Elder: "Large text", ElderOff: "Normal text", Contrast: "High contrast", ContrastX: "Normal contrast", Reading: "Reading aids", Back: "Back to the front page",
	Failures: map[int]Failure{
		http.StatusBadRequest:            {"Something is wrong with the address or the form", "Please check and try again."},
		http.StatusForbidden:             {"Not allowed", "You may not see or do this. If you should, please ask the administrator of your site or of the one above."},
		http.StatusNotFound:              {"No such page", "The address may be mistyped, or the page has moved."},
		http.StatusConflict:              {"Changed by somebody else", "Somebody changed this while you were working on it. Please go back, compare, and save again."},
		http.StatusGone:                  {"This site is closed", "Its pages are no longer available."},
		http.StatusRequestEntityTooLarge: {"Too large", "Please make it smaller and try again."},
		http.StatusUnprocessableEntity:   {"Not acceptable as it is", "Please go back and correct what is marked."},
		http.StatusTooManyRequests:       {"Too often", "Please wait a little and try again."},
		http.StatusInternalServerError:   {"The server made a mistake", "It is not your fault. Please try again later, and tell the administrator if it stays so."},
		http.StatusServiceUnavailable:    {"Not available for the moment", "The server is busy or under maintenance. Please try again later."},
		http.StatusInsufficientStorage:   {"No room left", "The server has no room left. Please tell the administrator."},
	},
}
