package demo

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// quarter stands in titles and texts for the last quarter that is over: the demo is shown on any day.
const quarter = "{quarter}"

// office and people stand for what a village and a community in town call them.
const (
	office = "{office}"
	people = "{people}"
)

// named puts the words of a place where they are left open.
func named(text string, town bool) string {
	if town {
		return strings.NewReplacer(office, "社区服务站", people, "居民").Replace(text)
	}
	return strings.NewReplacer(office, "村部", people, "村民").Replace(text)
}

// quarterBefore returns the last quarter that was over at a time.
func quarterBefore(now time.Time) string {
	y, q := now.Year(), (int(now.Month())-1)/3
	if q == 0 {
		y, q = y-1, 4
	}
	return fmt.Sprintf("%d年第%s季度", y, []string{"一", "二", "三", "四"}[q-1])
}

// addFinance makes a village's accounts of a quarter out of its numbers: what comes in and goes out, and that
// the sums are right.
func (d *data) addFinance(r []string) error {
	var n [7]int
	for i := range n {
		v, err := strconv.Atoi(r[i+1])
		if err != nil {
			return fmt.Errorf("%q is not a number: %w", r[i+1], ErrFormat)
		}
		n[i] = v
	}
	opening, support, business, rent, services, works, desk := n[0], n[1], n[2], n[3], n[4], n[5], n[6]
	in, out := support+business+rent, services+works+desk
	var b strings.Builder
	b.WriteString("单位：元。本表经" + people + "监督小组逐笔核对，凭证可到" + office + "查看。\n\n| 项目 | 收入 | 支出 |\n|---|---:|---:|\n")
	row := func(name string, in, out int) {
		cell := func(v int) string {
			if v == 0 {
				return ""
			}
			return amount(v)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, cell(in), cell(out))
	}
	row("上级补助", support, 0)
	row("集体经营", business, 0)
	row("发包租金", rent, 0)
	row("公益服务", 0, services)
	row("工程建设："+r[8], 0, works)
	row("办公与误工", 0, desk)
	row("**合计**", in, out)
	fmt.Fprintf(&b, "\n期初结余 %s 元，期末结余 **%s 元**。", amount(opening), amount(opening+in-out))
	if desk*10 < out {
		b.WriteString("办公与误工占支出不到一成。")
	}
	if in < out {
		b.WriteString("本季支出大于收入，差额由上季结余补足。")
	}
	fmt.Fprintf(&b, "\n\n本季主要支出是%s。有疑问请在公开后十日内向%s监督小组提出。", r[8], people)
	d.articles = append(d.articles, Article{
		Site: r[0], Column: "disclosure", Title: quarter + "集体财务收支公开", Days: 6 + n[0]/10%17, Body: b.String(),
	})
	return nil
}

// amount writes a number with commas between thousands.
func amount(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
