package portal

import (
	"fmt"
	"time"

	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

// Messages is the catalogue of what the sites' pages say. A text with %s or %d takes what its comment names.
type Messages struct {
	Search         string
	SearchTitle    string
	SearchHint     string
	ScopeSite      string
	ScopeBelow     string
	ScopeAll       string
	FoundCount     string // %d
	FoundOver      string // %d
	FoundNone      string // %s question
	FoundTips      string
	FromSite       string // %s site
	SitesAbove     string // label
	Columns        string // label
	Home           string
	AirTitle       string // label
	AirStarts      string // %s site, %s time
	AirSoon        string
	AirUrgent      string
	AirMore        string // %d
	AirPause       string
	AirPlay        string
	AirIn          string
	AirWatchSoon   string
	CountDays      string // %d
	GuideTitle     string
	GuideWeek      string // %s first day, %s last day
	GuideBefore    string
	GuideNext      string
	GuideThis      string
	GuideToday     string
	GuideEmpty     string
	GuideNothing   string
	GuideTime      string
	GuideWhat      string
	GuideFrom      string
	GuideState     string
	GuideCalendar  string
	GuideCalendar2 string
	StatePlanned   string
	StateEnded     string
	StateCancelled string
	SlateBefore    string
	SlateAfter     string
	SlateCancelled string
	SlateSoon      string
	Instead        string // %s title
	Replay         string
	WatchReplay    string
	WatchSite      string // %s site

	ChatTitle, ChatNone, ChatName, ChatText, ChatSend, ChatModerated, ChatReact          string
	ChatWaits, ChatTooMany, ChatFull, ChatDenied, ChatNotYours, ChatInvalid, ChatOffline string
	ChatConflict, ChatServer, ChatPass, ChatDrop                                         string
	ReactClap, ReactLike, ReactHeart, ReactFlower                                        string
	LiveTitle                                                                            string
	LiveNow                                                                              string
	LiveBy                                                                               string // %s site, %s time
	LiveWatch                                                                            string
	AirWait                                                                              string // in its place before it begins
	LiveOthers                                                                           string
	LiveNone                                                                             string
	LiveNone2                                                                            string
	LiveAll                                                                              string
	OpenStream                                                                           string
	PlayerNoJS                                                                           string
	More                                                                                 string
	MoreOf                                                                               string // %s column
	Pinned                                                                               string
	Source                                                                               string // %s
	Author                                                                               string // %s
	From                                                                                 string // %s site
	Views                                                                                string // %d, which the script puts there
	Print                                                                                string
	Share                                                                                string
	ShareLink                                                                            string
	Copy                                                                                 string
	Copied                                                                               string
	CopyFailed                                                                           string
	Attachments                                                                          string
	NewerOne                                                                             string
	OlderOne                                                                             string
	Neighbours                                                                           string // label
	Pictures                                                                             string
	PictureN                                                                             string // %d
	Price                                                                                string
	Negotiable                                                                           string
	Per                                                                                  string // %s unit
	Season                                                                               string
	Seller                                                                               string
	CallSeller                                                                           string // %s phone
	ValidUntil                                                                           string // %s date
	Empty                                                                                string
	PageNewer                                                                            string
	PageOlder                                                                            string
	PageN                                                                                string // %d
	Pages                                                                                string // label
	TitlePage                                                                            string // %s column, %d page
	CallTitle                                                                            string
	CallOffice                                                                           string
	ContactTitle                                                                         string
	Address                                                                              string
	Phone                                                                                string
	Email                                                                                string
	Hours                                                                                string
	SitesTitle                                                                           string
	SitesLead                                                                            string // %d
	SitesJump                                                                            string
	SitesJumpHint                                                                        string
	SitesGo                                                                              string
	SitesFound                                                                           string // %s question
	SitesNone                                                                            string
	SitesBelow                                                                           string // %d
	SitesMore                                                                            string // %d
	SitesEmpty                                                                           string
	Partners                                                                             string
	LinksTitle                                                                           string
	LinksEmpty                                                                           string
	Feed                                                                                 string
	Footer                                                                               string // %s site
	AllSites                                                                             string
	TopsLead                                                                             string
	ToAbove                                                                              string // %s site
	ToFront                                                                              string
	Embedded                                                                             string // %s site

	Levels  map[site.Level]string
	day     func(time.Time) string
	weekday func(time.Time) string
	short   func(time.Time) string
}

func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}

var inChinese = Messages{
	Search: "搜索", SearchTitle: "站内搜索", SearchHint: "输入要找的内容", ScopeSite: "本站", ScopeBelow: "本站及下级", ScopeAll: "全网",
	FoundCount: "找到 %d 条", FoundOver: "找到 %d 条以上，请多写几个字", FoundNone: "没有找到“%s”", FoundTips: "换一个说法，或扩大搜索范围再试。", FromSite: "来自 %s",
	SitesAbove: "上级站点", Columns: "栏目", Home: "首页",
	AirTitle: "同步转播", AirStarts: "%s · %s 开始", AirSoon: "即将直播", AirUrgent: "紧急插播", AirMore: "另有 %d 场直播", AirPause: "暂停滚动", AirPlay: "继续滚动", AirIn: "距开始", AirWatchSoon: "查看",
	CountDays:  "%d 天",
	GuideTitle: "节目单", GuideWeek: "%s 至 %s", GuideBefore: "上一周", GuideNext: "下一周", GuideThis: "回到本周", GuideToday: "今天", GuideEmpty: "这一周没有节目", GuideNothing: "今天没有节目", GuideTime: "时间", GuideWhat: "节目", GuideFrom: "来自", GuideState: "状态", GuideCalendar: "添加到日历", GuideCalendar2: "在手机或电脑的日历里订阅这个地址，改期和取消会自动更新。",
	StatePlanned: "未开始", StateEnded: "已结束", StateCancelled: "已取消", SlateBefore: "转播即将开始，请稍候。", SlateAfter: "转播已经结束，感谢收看。", SlateCancelled: "这场转播已取消。", SlateSoon: "马上开始", Instead: "紧急插播：%s。结束后自动回到原节目。", Replay: "回放", WatchReplay: "观看回放", WatchSite: "前往 %s",
	ChatTitle: "互动", ChatNone: "还没有人发言。", ChatName: "称呼", ChatText: "说点什么", ChatSend: "发送", ChatModerated: "发言经审核后显示。", ChatReact: "表态",
	ChatWaits: "已提交，审核后显示。", ChatTooMany: "发得太快了，请稍等几秒。", ChatFull: "等待审核的发言太多，请稍后再发。", ChatDenied: "现在不能发言。", ChatNotYours: "您不能管理这里的留言，请用有权限的账号登录。", ChatInvalid: "请填写称呼和内容，内容最多 200 个字。", ChatOffline: "网络断开，没有发出去。",
	ChatConflict: "别人已经处理过了。", ChatServer: "服务器出了问题，请稍后再试。", ChatPass: "通过", ChatDrop: "删除",
	ReactClap: "鼓掌", ReactLike: "赞", ReactHeart: "喜欢", ReactFlower: "送花",
	LiveTitle: "直播", LiveNow: "正在直播", LiveBy: "%s · %s 开始", LiveWatch: "进入直播", AirWait: "去等候", LiveOthers: "其他直播", LiveNone: "此刻没有转播", LiveNone2: "有转播时，本页和首页会自动出现直播入口。", LiveAll: "查看全部直播",
	OpenStream: "在直播页面打开", PlayerNoJS: "在网页里播放需要启用 JavaScript。",
	More: "更多", MoreOf: "更多%s", Pinned: "置顶", Source: "来源：%s", Author: "作者：%s", From: "%s 发布", Views: "浏览 %d 次",
	Print: "打印", Share: "分享", ShareLink: "本页地址", Copy: "复制", Copied: "已复制", CopyFailed: "复制失败，请手动选取", Attachments: "附件下载",
	NewerOne: "上一篇", OlderOne: "下一篇", Neighbours: "前后文章", Pictures: "图片", PictureN: "共 %d 张",
	Price: "价格", Negotiable: "面议", Per: "元／%s", Season: "上市时间", Seller: "联系人", CallSeller: "拨打 %s", ValidUntil: "信息有效期至 %s",
	Empty: "这里还没有内容", PageNewer: "上一页", PageOlder: "下一页", PageN: "第 %d 页", Pages: "翻页", TitlePage: "%s（第 %d 页）",
	CallTitle: "有事找谁", CallOffice: "值班电话", ContactTitle: "联系我们", Address: "地址", Phone: "电话", Email: "邮箱", Hours: "办公时间",
	SitesTitle: "下级站点", SitesLead: "共 %d 个站点", SitesJump: "按名称或代码查找", SitesJumpHint: "例如：清溪", SitesGo: "查找", SitesFound: "名称或代码含“%s”的站点", SitesNone: "没有找到，请换个字试试。", SitesBelow: "下辖 %d 个", SitesMore: "还有 %d 个", SitesEmpty: "本站没有下级站点", Partners: "合作单位",
	LinksTitle: "友情链接", LinksEmpty: "还没有链接", Feed: "订阅", Footer: "%s", AllSites: "站点导航", TopsLead: "请选择站点", ToAbove: "前往 %s", ToFront: "回到本站首页", Embedded: "内容来自 %s",
	Levels: map[site.Level]string{site.Province: "省", site.City: "市", site.County: "县（区）", site.Township: "乡镇（街道）", site.Village: "村（社区）", site.Partner: "合作单位"},
	day:    func(t time.Time) string { return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day()) },
	weekday: func(t time.Time) string {
		return fmt.Sprintf("%d月%d日 星期%s", t.Month(), t.Day(), []string{"日", "一", "二", "三", "四", "五", "六"}[t.Weekday()])
	},
	short: func(t time.Time) string { return fmt.Sprintf("%d月%d日", t.Month(), t.Day()) },
}

var inEnglish = Messages{
	Search: "Search", SearchTitle: "Search", SearchHint: "What are you looking for?", ScopeSite: "This site", ScopeBelow: "This site and below", ScopeAll: "All sites",
	FoundCount: "%d found", FoundOver: "More than %d found; please be more precise", FoundNone: "Nothing found for “%s”", FoundTips: "Try other words, or search more sites.", FromSite: "from %s",
	SitesAbove: "Sites above", Columns: "Columns", Home: "Home",
	AirTitle: "Broadcasts", AirStarts: "%s · begins %s", AirSoon: "Soon on air", AirUrgent: "Urgent", AirMore: "%d more on air", AirPause: "Stop the line", AirPlay: "Let the line run", AirIn: "Begins in", AirWatchSoon: "Look",
	CountDays:  "%d d",
	GuideTitle: "Programme", GuideWeek: "%s to %s", GuideBefore: "Week before", GuideNext: "Week after", GuideThis: "This week", GuideToday: "Today", GuideEmpty: "Nothing is planned this week", GuideNothing: "Nothing today", GuideTime: "Time", GuideWhat: "What", GuideFrom: "From", GuideState: "State", GuideCalendar: "Add to your calendar", GuideCalendar2: "Subscribe to this address in your calendar: what is moved or called off changes by itself.",
	StatePlanned: "Not begun", StateEnded: "Over", StateCancelled: "Cancelled", SlateBefore: "The broadcast is about to begin.", SlateAfter: "The broadcast is over. Thank you for watching.", SlateCancelled: "This broadcast was called off.", SlateSoon: "Any moment", Instead: "Urgent: %s. Afterwards your programme comes back by itself.", Replay: "Replay", WatchReplay: "Watch the replay", WatchSite: "Go to %s",
	ChatTitle: "Chat", ChatNone: "Nobody has written yet.", ChatName: "Name", ChatText: "Say something", ChatSend: "Send", ChatModerated: "Lines appear when somebody has let them through.", ChatReact: "React",
	ChatWaits: "Sent. It appears when somebody has let it through.", ChatTooMany: "That was quick. Please wait some seconds.", ChatFull: "Too many lines wait already. Please try again later.", ChatDenied: "Nobody can write at the moment.", ChatNotYours: "You can’t moderate here. Please sign in with an account that may.", ChatInvalid: "Please enter a name and a text of at most 200 characters.", ChatOffline: "The connection is down; it was not sent.",
	ChatConflict: "Somebody else has done so already.", ChatServer: "The server has a problem. Please try again later.", ChatPass: "Let through", ChatDrop: "Remove",
	ReactClap: "Applause", ReactLike: "Like", ReactHeart: "Love", ReactFlower: "Flowers",
	LiveTitle: "Live", LiveNow: "On air", LiveBy: "%s · since %s", LiveWatch: "Watch", AirWait: "Wait there", LiveOthers: "Also on air", LiveNone: "Nothing is broadcast at the moment", LiveNone2: "When something is, it appears here and on the front page.", LiveAll: "All live streams",
	OpenStream: "Open the stream on its own page", PlayerNoJS: "Playing in the page needs JavaScript.",
	More: "More", MoreOf: "More: %s", Pinned: "Pinned", Source: "Source: %s", Author: "By %s", From: "Published by %s", Views: "Views: %d",
	Print: "Print", Share: "Share", ShareLink: "Address of this page", Copy: "Copy", Copied: "Copied", CopyFailed: "Could not copy; please select it by hand", Attachments: "Attachments",
	NewerOne: "Newer", OlderOne: "Older", Neighbours: "Articles before and after", Pictures: "Pictures", PictureN: "%d pictures",
	Price: "Price", Negotiable: "Negotiable", Per: "yuan per %s", Season: "Season", Seller: "Contact", CallSeller: "Call %s", ValidUntil: "Valid until %s",
	Empty: "There is nothing here yet", PageNewer: "Newer", PageOlder: "Older", PageN: "Page %d", Pages: "Pages", TitlePage: "%s (page %d)",
	CallTitle: "Whom to call", CallOffice: "Office", ContactTitle: "Contact", Address: "Address", Phone: "Phone", Email: "Mail", Hours: "Office hours",
	SitesTitle: "Sites below", SitesLead: "%d sites", SitesJump: "Find by name or code", SitesJumpHint: "For example 清溪", SitesGo: "Find", SitesFound: "Sites with “%s” in their name or code", SitesNone: "None found; please try another word.", SitesBelow: "%d sites", SitesMore: "%d more", SitesEmpty: "There are no sites below this one", Partners: "Partners",
	LinksTitle: "Links", LinksEmpty: "There are no links yet", Feed: "Feed", Footer: "%s", AllSites: "All sites", TopsLead: "Please choose a site", ToAbove: "Go to %s", ToFront: "Back to the front page", Embedded: "Content from %s",
	Levels:  map[site.Level]string{site.Province: "Province", site.City: "City", site.County: "County", site.Township: "Township", site.Village: "Village", site.Partner: "Partner"},
	day:     func(t time.Time) string { return t.Format("2 January 2006") },
	weekday: func(t time.Time) string { return t.Format("Monday, 2 January") },
	short:   func(t time.Time) string { return t.Format("2 January") },
}

// by says from whom something comes and when: the day where that is another one than today.
func (t *Messages) by(say, from string, at, now time.Time) string {
	when := at.Format("15:04")
	if at.Format(time.DateOnly) != now.Format(time.DateOnly) {
		when = t.short(at) + " " + when
	}
	return fmt.Sprintf(say, from, when)
}

func (t *Messages) broadcastState(s broadcast.State) string {
	return map[broadcast.State]string{
		broadcast.Planned: t.StatePlanned, broadcast.OnAir: t.LiveNow, broadcast.Ended: t.StateEnded, broadcast.Cancelled: t.StateCancelled,
	}[s]
}
