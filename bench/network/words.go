package main

import (
	"math/rand/v2"
	"strings"
)

// What the articles are put together from: sentences with gaps, so that words are as frequent as in notices.
var (
	subjects = strings.Fields("村党支部 镇政府 县农业局 卫生院 中心小学 合作社 驻村工作队 村民小组 水利站 文化站 供销社 妇联 团支部 老年协会 护林队 防汛办 派出所 信用社 种植大户 返乡青年")
	verbs    = strings.Fields("组织 开展 完成 启动 召开 公布 检查 整修 走访 慰问 培训 宣传 评选 推广 落实 验收 登记 清理 签订 总结")
	objects  = strings.Fields("春耕备耕 主题党日活动 农田水利设施 村级财务 低保名单 道路硬化 饮水工程 河道治理 柑橘种植技术 茶园管理 防汛演练 义务植树 健康体检 医保缴费 惠农政策 村务公开 志愿服务 图书室 文化广场 光伏电站 土地流转 产业项目 电商直播 粮食收购 森林防火")
	places   = strings.Fields("东村 西坡 南河 北山 石桥 柳湾 桃园 上坝 下寨 青龙 白沙 双溪 三岔 五里 新建 和平 红星 前进 团结 幸福")
	tails    = strings.Fields("受到群众欢迎 取得明显成效 现将有关情况公布如下 请各组认真对照执行 参加人员共三十余人 预计下月底完成 资金来源公开透明 欢迎广大村民监督 有意者请与村委会联系 活动持续了整整一天 为增收打下了基础 解决了多年的难题")
)

// writer writes articles. The same seed writes the same ones.
type writer struct{ *rand.Rand }

func newWriter(seed uint64) writer { return writer{rand.New(rand.NewPCG(seed, 7))} }

func (w writer) one(of []string) string { return of[w.IntN(len(of))] }

func (w writer) title() string {
	return w.one(places) + w.one(subjects) + w.one(verbs) + w.one(objects)
}

// text is some sentences, about n characters.
func (w writer) text(n int) string {
	var b strings.Builder
	for b.Len() < 3*n {
		b.WriteString(w.one(places) + w.one(subjects) + "近日" + w.one(verbs) + w.one(objects) + "，" + w.one(tails) + "。")
		if w.IntN(4) == 0 {
			b.WriteString("\n\n")
		}
	}
	return b.String()
}

// query is what people search for: words of one, two and more characters.
func (w writer) query() string {
	word := []rune(w.one(objects))
	switch w.IntN(4) {
	case 0:
		return string(word[:1])
	case 1, 2:
		return string(word[:2])
	default:
		return string(word[:2]) + " " + w.one(places)
	}
}
