package library

import (
	"fmt"
	"time"

	"xianfeng/web/kit"
)

// Messages is the catalogue of what these pages say. A text with %s or %d takes what its comment names.
type Messages struct {
	Growing   string
	Recorded  string // of a broadcast
	Added     string
	Length    string
	Format    string
	Other     string // other players
	OtherLead string
	NoScript  string
	Failed    string
	Address   string

	Channel     string
	Today       string
	TodayNone   string
	Now         string
	ChannelLead string

	Minutes string // %d %d: minutes, seconds
	Hours   string // %d %d %d
	Date    string // layout
	Day     string
}

var inChinese = Messages{
	Growing: "正在录制", Recorded: "直播时间", Added: "入库时间", Length: "时长", Format: "格式",
	Other: "用其他播放器收看", OtherLead: "把下面的地址粘贴到 VLC 等播放器中。",
	NoScript: "您的浏览器没有启用脚本。可以用其他播放器打开下面的地址。", Failed: "暂时无法播放，请检查网络后刷新页面。", Address: "播放地址",
	Channel: "频道", Today: "今日节目", TodayNone: "今天没有安排节目。", Now: "正在播出", ChannelLead: "按节目表循环播出，各地画面同步。",
	Minutes: "%d 分 %02d 秒", Hours: "%d 小时 %02d 分 %02d 秒", Date: "2006年1月2日 15:04", Day: "1月2日",
}

var inEnglish = Messages{
	Growing: "Being recorded", Recorded: "Broadcast", Added: "Added", Length: "Length", Format: "Format",
	Other: "Watch with another player", OtherLead: "Paste this address into VLC or another player.",
	NoScript: "Scripts are switched off in your browser. Another player can open the address below.", Failed: "This can't be played at the moment. Please check the connection and reload the page.", Address: "Address",
	Channel: "Channel", Today: "Today", TodayNone: "Nothing is planned for today.", Now: "On now", ChannelLead: "A programme by plan, the same for everybody at every moment.",
	Minutes: "%d min %02d s", Hours: "%d h %02d min %02d s", Date: "2 January 2006, 15:04", Day: "2 January",
}

func messages(l kit.Lang) *Messages {
	if l == kit.English {
		return &inEnglish
	}
	return &inChinese
}

func (m *Messages) date(t time.Time) string { return t.Format(m.Date) }

func (m *Messages) length(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf(m.Hours, s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf(m.Minutes, s/60, s%60)
}
