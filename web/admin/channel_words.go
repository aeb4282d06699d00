package admin

import (
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/recordings/channel"
	"xianfeng/web/kit"
)

// channelWords is what the pages of channels say. A text with %s or %d takes what its comment names.
type channelWords struct {
	Lead, None, New, Name, NameHelp, Title, Watch, Now, State, Fine string
	Notes                                                           string // %d

	Entries, EntriesHelp, Entry string // Entry: %d
	At, On, Item, Again, Drop   string
	Choose, Gone, Filler        string
	FillerHelp, More, Save      string
	Delete, DeleteHelp          string
	Today, Wrong, NoWrong       string
	Slate, IsFiller, Soon       string // Soon: %s
	NoItems                     string

	BadForm, BadTime, NoDay, Taken, Changed string // BadTime, NoDay: %d
	BadName, NoTitle, LongTitle             string
	Growing, Unknown                        string // %s

	Gap, Cut, Same, Missing, Mixed, Short string // see problem
	Minutes, Seconds                      string // %d
	Days                                  [7]string
}

var channelsInChinese = channelWords{
	Lead: "频道按节目表播出片库里的内容，像直播一样，各地同时看到同一画面。", None: "还没有频道。", New: "新建频道", Name: "地址名称", NameHelp: "用于网址 /channel/…，可用英文字母、数字、点、横线。",
	Title: "频道名称", Watch: "收看", Now: "正在播出", State: "状态", Fine: "正常", Notes: "%d 条提示",
	Entries: "节目表", EntriesHelp: "每条从所填时间开始，到下一条开始时结束；放不完的会被截断。", Entry: "第 %d 条",
	At: "开始时间", On: "播出日", Item: "内容", Again: "循环到下一条开始", Drop: "删除这一条",
	Choose: "（请选择）", Gone: "已不在片库", Filler: "空档内容", FillerHelp: "没有安排节目时循环播放；不选则显示“节目稍后继续”。", More: "保存后可继续添加。", Save: "保存节目表",
	Delete: "删除频道", DeleteHelp: "删除后正在收看的人会立即中断。",
	Today: "今天的播出顺序", Wrong: "请留意", NoWrong: "没有发现问题。", Slate: "（节目稍后继续）", IsFiller: "空档", Soon: "新的节目表从 %s 起生效。",
	NoItems: "片库里还没有内容。请先用 xianfeng library add 添加，或录制一场直播。",
	BadForm: "表单不完整，请重新填写。", BadTime: "第 %d 条：开始时间不对，例如 08:30。", NoDay: "第 %d 条：至少选一天。", Taken: "这个地址名称已被使用，请换一个。", Changed: "别人刚刚改过这个频道。请刷新页面，核对后再保存。",
	BadName: "地址名称只能用英文字母、数字、点和横线。", NoTitle: "请填写频道名称。", LongTitle: "频道名称太长，最多 100 字。", Growing: "“%s”还在录制，录完才能编排。", Unknown: "片库里没有“%s”。",
	Gap: "%s %s 起有 %s 空档，将显示“节目稍后继续”。", Cut: "第 %d 条（%s %s）放不完，结尾 %s 会被下一条截断。", Same: "第 %d 条不会播出：同一时间已有排在前面的节目。",
	Missing: "“%s”已不在片库，它的时间将显示“节目稍后继续”。", Mixed: "“%s”的编码与其他内容不同，有些播放器在切换时会停顿。", Short: "第 %d 条不足十秒，不能循环。",
	Minutes: "%d 分 %02d 秒", Seconds: "%d 秒", Days: [7]string{"周一", "周二", "周三", "周四", "周五", "周六", "周日"},
}

var channelsInEnglish = channelWords{
	Lead: "A channel plays what is in the library by a plan, like a live stream: everybody sees the same at the same moment.", None: "There are no channels yet.", New: "New channel", Name: "Name in the address", NameHelp: "For /channel/…: letters, digits, dots, hyphens.",
	Title: "Title", Watch: "Watch", Now: "On now", State: "State", Fine: "Fine", Notes: "%d to note",
	Entries: "Plan", EntriesHelp: "An entry begins at its time and ends when the next one begins; what does not fit is cut off.", Entry: "Entry %d",
	At: "Begins at", On: "On", Item: "Item", Again: "Over and over until the next entry", Drop: "Remove this entry",
	Choose: "(choose)", Gone: "no longer in the library", Filler: "In gaps", FillerHelp: "Played over and over where nothing is planned; without any, “Back shortly” is shown.", More: "There is room for more after saving.", Save: "Save the plan",
	Delete: "Delete the channel", DeleteHelp: "Whoever watches it is cut off at once.",
	Today: "What is shown today", Wrong: "To note", NoWrong: "Nothing is amiss.", Slate: "(Back shortly)", IsFiller: "filler", Soon: "The new plan is in force from %s.",
	NoItems: "The library is empty. Add a film with xianfeng library add, or record a broadcast.",
	BadForm: "The form did not come whole. Please fill it in again.", BadTime: "Entry %d: that is no time of the day, such as 08:30.", NoDay: "Entry %d: choose a day.", Taken: "There is a channel of that name already. Please choose another.", Changed: "Somebody else has just changed this channel. Please reload the page, compare, and save again.",
	BadName: "The name in the address can have letters, digits, dots and hyphens.", NoTitle: "Please give the channel a title.", LongTitle: "The title is too long: 100 characters at the most.", Growing: "“%s” is still being recorded; it can be planned when it is over.", Unknown: "There is no “%s” in the library.",
	Gap: "%s from %s: %s without a programme; “Back shortly” is shown.", Cut: "Entry %d (%s %s) does not fit: its last %s are cut off by the next one.", Same: "Entry %d never begins: another one, further up, has its time.",
	Missing: "“%s” is no longer in the library; “Back shortly” is shown in its time.", Mixed: "“%s” is coded in another way than the rest; some players pause when it begins or ends.", Short: "Entry %d is shorter than ten seconds and can't be played over and over.",
	Minutes: "%d min %02d s", Seconds: "%d s", Days: [7]string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"},
}

func wordsOfChannels(l kit.Lang) *channelWords {
	if l == kit.English {
		return &channelsInEnglish
	}
	return &channelsInChinese
}

func (c *channelWords) length(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s < 60 {
		return fmt.Sprintf(c.Seconds, s)
	}
	return fmt.Sprintf(c.Minutes, s/60, s%60)
}

func (c *channelWords) titleOf(g channel.Programme) string {
	if g.Item == "" {
		return c.Slate
	}
	return g.Title
}

// problem says what is to be known of a plan.
func (c *channelWords) problem(x channel.Problem) string {
	title := x.Title
	if title == "" {
		title = x.Item
	}
	switch x.Kind {
	case "gap":
		return fmt.Sprintf(c.Gap, c.Days[x.Day%7], clock(x.At), c.length(x.Length))
	case "cut":
		return fmt.Sprintf(c.Cut, x.Entry+1, c.Days[x.Day%7], clock(x.At), c.length(x.Length))
	case "same":
		return fmt.Sprintf(c.Same, x.Entry+1)
	case "gone":
		return fmt.Sprintf(c.Missing, title)
	case "mixed":
		return fmt.Sprintf(c.Mixed, title)
	default:
		return fmt.Sprintf(c.Short, x.Entry+1)
	}
}

// wrong says what is wrong with what was entered.
func (c *channelWords) wrong(x errs.Problem) string {
	switch x.Field + " " + x.Code {
	case "name bad":
		return c.BadName
	case "title missing":
		return c.NoTitle
	case "title long":
		return c.LongTitle
	case "items growing":
		return fmt.Sprintf(c.Growing, x.Value)
	case "items unknown":
		return fmt.Sprintf(c.Unknown, x.Value)
	default:
		return c.BadForm
	}
}
