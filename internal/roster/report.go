package roster

import (
	"strings"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Options say how a list becomes a change.
type Options struct {
	SkipBad bool           // take the lines that are good; else one bad line holds up all
	By      site.AccountID // who imports
	Remote  string
	Source  string // name of the file, for the log

	// May reports whether who imports may change a site, or hang others below it; 0: make sites at the top.
	// nil: everything.
	May func(site.ID) bool
	// Theme reports whether there is a theme of that name; nil: not asked.
	Theme func(string) bool
	// Progress is told how far it is; nil: nobody asks.
	Progress func(Step, int, int)
}

// Step is a part of an import.
type Step string

// The steps.
const (
	Checked Step = "checked"
	Stored  Step = "stored"
)

// Report is what comes, or would come, of a list.
type Report struct {
	Encoding string
	Unknown  []string // columns

	Rows, Created, Changed, Unchanged int

	Bad     []Line // by number
	Notices []Line // by number; they hold up nothing
}

// Good reports whether no line is bad.
func (r *Report) Good() bool { return len(r.Bad) == 0 }

// Text tells what is said about a line in Chinese or English.
func (l Line) Text(chinese bool) string {
	var parts []string
	for _, p := range l.Problems {
		parts = append(parts, Words(p, chinese))
	}
	if chinese {
		return strings.Join(parts, "；")
	}
	return strings.Join(parts, "; ")
}

// Words tells what a problem of a list is in Chinese or English.
func Words(p errs.Problem, chinese bool) string {
	w, ok := words[p.Code]
	if !ok {
		w = phrase{"{field}不对（{value}）", "{field} is not right ({value})"}
	}
	field, ok := fields[p.Field]
	if !ok {
		field = phrase{p.Field, p.Field}
	}
	text, name := w.en, field.en
	if chinese {
		text, name = w.zh, field.zh
	}
	value := p.Value
	if l, known := site.ParseLevel(value); known && chinese {
		value = levels[l]
	}
	return strings.NewReplacer("{field}", name, "{value}", value).Replace(text)
}

// phrase is a text in both languages.
type phrase struct{ zh, en string }

var levels = map[site.Level]string{
	site.Province: "省级", site.City: "市级", site.County: "县级", site.Township: "乡镇级", site.Village: "村级", site.Partner: "合作单位",
}

var fields = map[string]phrase{
	"code": {"代码", "code"}, "parent": {"上级", "parent"}, "level": {"级别", "level"}, "name": {"名称", "name"},
	"short": {"简称", "short name"}, "host": {"域名", "host name"}, "phone": {"电话", "phone"}, "address": {"地址", "address"},
	"email": {"邮箱", "e-mail address"}, "intro": {"简介", "intro"}, "theme": {"主题", "theme"}, "kind": {"类型", "kind"},
}

// words are the texts by code; {field} is its name, {value} what it is about.
var words = map[string]phrase{
	// Of the whole list.
	"empty":          {"表格是空的", "the list is empty"},
	"encoding":       {"看不懂文字编码：请另存为 UTF-8 或 GBK 的 CSV", "the encoding can't be read: save the list as CSV in UTF-8 or GBK"},
	"workbook":       {"这是 Excel 工作簿：请另存为 CSV", "this is a workbook: save it as CSV"},
	"column missing": {"缺少“{field}”一列", "the column {field} is missing"},
	"column twice":   {"“{field}”一列出现两次", "the column {field} is there twice"},
	// Of a line.
	"fields":     {"单元格比表头多", "more cells than columns"},
	"quotes":     {"引号不成对", "the quotes don't match"},
	"characters": {"有无法识别的字符", "characters that can't be read"},
	"missing":    {"缺少{field}", "no {field}"},
	"long":       {"{field}太长（最多 {value} 个字）", "the {field} is too long (at most {value} characters)"},
	"bad":        {"{field}格式不对", "the {field} is not well formed"},
	"unknown":    {"没有这样的{field}：{value}", "no such {field}: {value}"},
	"number":     {"代码被 Excel 变成了科学计数法：请把这一列设为文本格式", "the spreadsheet has turned the code into a number: make the column a text"},
	"twice":      {"{field}与第 {value} 行重复", "the {field} is in line {value} already"},
	"taken":      {"{field}已被 {value} 使用", "the {field} belongs to {value}"},
	"loop":       {"上级关系成环", "stands below itself"},
	"orphan":     {"上级 {value} 不存在", "there is no site {value} above it"},
	"below bad":  {"上级所在的第 {value} 行有错", "the site above is in line {value}, which is bad"},
	"level":      {"级别不能放在{value}之下", "the level does not fit below a {value}"},

	"level below": {"级别放不下已有的下级 {value}", "the level does not fit above {value}, which is there already"},
	"denied":      {"没有权限", "not allowed"},
	// Notices.
	"renamed":      {"这个代码已改为 {value}", "the code is {value} by now"},
	"not standard": {"不是{value}的标准区划代码", "not the standard code of a {value}"},
}
