package clean

import (
	"slices"
	"strings"
	"testing"
)

const ours = "/files/abcdefghijklmnopqrstuvwx/w960.webp"

func TestHTML(t *testing.T) {
	c := New()
	for _, tt := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"plain text becomes a paragraph", "村里的路修好了", "<p>村里的路修好了</p>"},
		{"divs are paragraphs", "<div>一</div><div><div>二</div></div>", "<p>一</p>\n<p>二</p>"},
		{"an empty line is a new paragraph", "一<br><br>二<br>三<br>", "<p>一</p>\n<p>二<br>三</p>"},
		{"indents and empty paragraphs", "<p>　　第一段&nbsp;&nbsp; 完</p><p>&nbsp;</p><p><br></p><p>　</p>", "<p>第一段 完</p>"},
		{"a wide space in a line stays", "<p>张　三</p>", "<p>张　三</p>"},
		{"headings", "<h1>大</h1><h3><b>中</b></h3><h6>小</h6>", "<h2>大</h2>\n<h3>中</h3>\n<h4>小</h4>"},
		{"an empty heading", "<h2><br></h2><h2> </h2>", ""},
		{"marks", "<b>粗</b><i>斜</i><del>删</del><ins>新</ins>H<sub>2</sub>O", "<p><strong>粗</strong><em>斜</em><s>删</s><u>新</u>H<sub>2</sub>O</p>"},
		{"marks from styles", `<span style="font-weight:700">粗</span><b style="font-weight:normal">细</b><font color=red>红</font>`, "<p><strong>粗</strong>细红</p>"},
		{"neighbours share marks", "<b>一</b><b>二<i>三</i></b>", "<p><strong>一二<em>三</em></strong></p>"},
		{"classes and ids", `<p class="x" id="y" style="color:red" align=center>字</p>`, "<p>字</p>"},
		{"lists", "<ul><li>一<ul><li>二</ul></li><li></li></ul><ol start=3><li><p>三</p></ol>", "<ul><li>一<ul><li>二</li></ul></li></ul>\n<ol start=\"3\"><li>三</li></ol>"},
		{"a list beside its item", "<ol><li>一</li><ul><li>二</li></ul></ol>", "<ol><li>一<ul><li>二</li></ul></li></ol>"},
		{"items without a list", "<li>一<li>二", "<ul><li>一</li><li>二</li></ul>"},
		{"quote", "<blockquote>一<p>二</p></blockquote>", "<blockquote><p>一</p><p>二</p></blockquote>"},
		{"rule and code", "<hr><pre>\n a\n  b\n</pre>", "<hr>\n<pre><code> a\n  b</code></pre>"},
		{"link elsewhere", `<a href="https://example.org/a?b=1&c=2" target=_blank onclick=x()>字</a>`, `<p><a href="https://example.org/a?b=1&amp;c=2" rel="nofollow noopener">字</a></p>`},
		{"link here", `<a href="/v/51/a/7">字</a> <a href="mailto:a@example.org">信</a> <a href="tel:+862887654321">电话</a>`, `<p><a href="/v/51/a/7">字</a> <a href="mailto:a@example.org">信</a> <a href="tel:+862887654321">电话</a></p>`},
		{"link to a mark", `<a href="#top">字</a><a name=x>点</a>`, `<p>字点</p>`},
		{"table", `<table width=600 border=1><colgroup><col width=50></colgroup><tr><th>项目<th>金额</tr><tr><td rowspan=2><p>修路</p></td><td style="width:5pt">1,200</td></tr><tr><td>800</td></tr></table>`, `<table><thead><tr><th scope="col">项目</th><th scope="col">金额</th></tr></thead><tbody><tr><td rowspan="2">修路</td><td>1,200</td></tr><tr><td>800</td></tr></tbody></table>`},
		{"table with heads of rows and a caption", "<table><caption>收支<tr><th>收入<td>1</table>", `<table><caption>收支</caption><tbody><tr><th scope="row">收入</th><td>1</td></tr></tbody></table>`},
		{"a table of one cell", "<table><tr><td>一<p>二</table>", "<p>一</p>\n<p>二</p>"},
		{"an empty table", "<table><tr><td>&nbsp;<td></table>", ""},
		{"our picture", `<p><img src="` + ours + `" alt="梨&quot;花" width="960" height="640" onerror=x() srcset="//evil/x"></p>`, `<p><img src="` + ours + `" alt="梨&#34;花" width="960" height="640" loading="lazy"></p>`},
		{"figure", `<figure><p><img src="` + ours + `"></p><figcaption><b>梨花</b>开了</figcaption></figure>`, `<figure><img src="` + ours + `" alt="" loading="lazy"><figcaption><strong>梨花</strong>开了</figcaption></figure>`},
		{"figure of something else", `<figure><table><tr><td>一<td>二</table><figcaption>表一</figcaption></figure>`, "<table><tbody><tr><td>一</td><td>二</td></tr></tbody></table>\n<p>表一</p>"},
		{"embedded block", `一<div data-embed="live:hall-2" class=x>直播</div>二`, "<p>一</p>\n<div data-embed=\"live:hall-2\"></div>\n<p>二</p>"},
		{"unknown block", `<div data-embed="live:../../x">直播</div><div data-embed="x y">乙</div>`, "<p>直播</p>\n<p>乙</p>"},
		{"text that turns round or can't be seen", "a\u202eb\u200bc\ufeffd", "<p>abcd</p>"},
		{"a heading in a link", `<a href="/x"><h2>题</h2><p>文</p></a>`, "<h2><a href=\"/x\">题</a></h2>\n<p><a href=\"/x\">文</a></p>"},

		{"Word: a paragraph", `<html xmlns:o="urn:schemas-microsoft-com:office:office"><head><style><!-- p.MsoNormal {mso-style-parent:""} --></style><!--[if gte mso 9]><xml><w:WordDocument><w:View>Normal</w:View></w:WordDocument></xml><![endif]--></head><body lang=ZH-CN><!--StartFragment--><p class=MsoNormal style='text-indent:21.0pt'><span style='font-family:宋体;mso-ascii-font-family:Calibri'>　　各位村民：</span><span lang=EN-US><o:p></o:p></span></p><p class=MsoNormal><span lang=EN-US><o:p>&nbsp;</o:p></span></p><!--EndFragment--></body></html>`, "<p>各位村民：</p>"},
		{"Word: lists", `<p class=MsoListParagraph style='margin-left:21.0pt;text-indent:-21.0pt;mso-list:l0 level1 lfo1'><![if !supportLists]><span lang=EN-US style='font-family:Wingdings'><span style='mso-list:Ignore'>l<span style='font:7.0pt "Times New Roman"'>&nbsp; </span></span></span><![endif]><b>会议</b>时间</p><p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>1.<span>&nbsp;&nbsp;</span></span>上午</p><p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>2.<span>&nbsp;</span></span>下午</p><p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·<span>&nbsp;</span></span>地点</p><p class=MsoNormal>完</p>`, "<ul><li><strong>会议</strong>时间<ol><li>上午</li><li>下午</li></ol></li><li>地点</li></ul>\n<p>完</p>"},
		{"Word: hidden text", `<p>一<span style='display:none;mso-hide:all'>藏</span>二</p>`, "<p>一二</p>"},
		{"WPS: numbers in Chinese", `<p style="mso-list:l1 level1 lfo2"><span style="mso-list:Ignore">一、</span>交通</p><p style="mso-list:l1 level1 lfo2"><span style="mso-list:Ignore">二、</span>饮水</p>`, "<ol><li>交通</li><li>饮水</li></ol>"},
		{"WeChat", `<section data-tools="x" style="background-image:url(https://mmbiz.example/b.png)"><section><section><p style="text-align:center"><span><span>春耕</span></span></p></section><section style="width:30px;height:1px;background:red"></section><p>&nbsp;<br></p><p><img data-src="https://mmbiz.example/mm/640?wx_fmt=png" src="data:image/gif;base64,R0lGOD"></p></section></section>`, "<p>春耕</p>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, rep := c.Check(tt.in)
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			if again := c.HTML(got); again != got {
				t.Errorf("cleaned twice: got %s\nwant %s", again, got)
			}
			if !slices.IsSorted(rep.Codes) {
				t.Errorf("codes: %q are not sorted", rep.Codes)
			}
		})
	}
}

func TestReport(t *testing.T) {
	_, rep := New().Check(`<img data-src="https://mm.example/1"><img src="data:image/png;base64,AAAA"><img src="https://mm.example/1"><script>1</script>
		<iframe src=x></iframe><a href="javascript:1">x</a><input><svg></svg><div data-embed="?">x</div>`)
	if want := []string{Drawing, Embed, Form, Link, Media, Picture, Script}; !slices.Equal(rep.Codes, want) {
		t.Errorf("codes: got %q, want %q", rep.Codes, want)
	}
	if want := []string{"https://mm.example/1", "data:"}; !slices.Equal(rep.Pictures, want) {
		t.Errorf("pictures: got %q, want %q", rep.Pictures, want)
	}
	if _, rep := New().Check("<p class=MsoNormal><font>x</font><o:p></o:p></p>"); len(rep.Codes) > 0 {
		t.Errorf("looks are not worth telling: got %q", rep.Codes)
	}
}

func TestBounds(t *testing.T) {
	c := New()
	out, rep := c.Check(strings.Repeat("<p>"+strings.Repeat("字", 300)+"</p>", 6000))
	if !slices.Contains(rep.Codes, Cut) || len(out) > MaxOut || len(out) < MaxOut/2 {
		t.Errorf("a long text: got %d bytes, %q", len(out), rep.Codes)
	}
	if again := c.HTML(out); again != out {
		t.Error("what was cut is cut again")
	}
	for name, in := range map[string]string{
		"divs": strings.Repeat("<div>", 100_000) + "字", "quotes": strings.Repeat("<blockquote>", 400) + "字", "lists": strings.Repeat("<ul><li>", 200) + "字",
		"marks": strings.Repeat("<b><i>", 200) + "字", "tables": strings.Repeat("<table><tr><td>一<td>", 100) + "字", "links": strings.Repeat("<a href=/x>", 50_000) + "字",
	} {
		out := c.HTML(in)
		if !strings.Contains(out, "字") {
			t.Errorf("%s: the text is gone: %.200s", name, out)
		}
		if again := c.HTML(out); again != out {
			t.Errorf("%s: cleaned twice: got %.300s\nwant %.300s", name, again, out)
		}
	}
	if out, rep := c.Check(strings.Repeat("字", MaxIn/3+10)); !slices.Contains(rep.Codes, Cut) || len(out) > MaxOut {
		t.Errorf("one long paragraph: got %d bytes, %q", len(out), rep.Codes)
	}
}

func TestMarkdown(t *testing.T) {
	c := New()
	for _, tt := range []struct{ name, in, want string }{
		{"text", "# 题\n\n一\n二 **粗**\n\n- 甲\n- 乙\n", "<h2>题</h2>\n<p>一<br>二 <strong>粗</strong></p>\n<ul><li>甲</li><li>乙</li></ul>"},
		{"table", "|项|元|\n|-|-|\n|路|3|\n", `<table><thead><tr><th scope="col">项</th><th scope="col">元</th></tr></thead><tbody><tr><td>路</td><td>3</td></tr></tbody></table>`},
		{"embedded block", "一\n\n<div data-embed=\"live:hall\"></div>\n\n二", "<p>一</p>\n<div data-embed=\"live:hall\"></div>\n<p>二</p>"},
		{"picture", "![梨花](" + ours + ")", `<p><img src="` + ours + `" alt="梨花" loading="lazy"></p>`},
		{"tricks", "[x](javascript:alert(1)) <script>1</script> ![x](https://evil.example/x.png) `<b>`", "<p>x <code>&lt;b&gt;</code></p>"},
	} {
		if got := c.Markdown(tt.in); got != tt.want {
			t.Errorf("%s: got %s\nwant %s", tt.name, got, tt.want)
		}
	}
	for name, in := range map[string]string{
		"quotes": strings.Repeat(">", 200_000) + "字", "lists": strings.Repeat("- ", 100_000) + "字", "numbers": strings.Repeat("1. ", 80_000) + "字",
		"lines of quotes": strings.Repeat(strings.Repeat(">", 39)+"\n", 2000) + "字",
	} {
		if out := c.Markdown(in); !strings.Contains(out, "字") {
			t.Errorf("%s: the text is gone: %.200s", name, out)
		}
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"<h2>题</h2>\n<p>一<br>二 <strong>粗</strong>体</p><ul><li>甲</li><li>乙</li></ul>", "题\n一\n二 粗体\n甲\n乙"},
		{"<table><tr><td>路</td><td>3&lt;4</td></tr></table>", "路 3<4"},
		{"a<script>b</script>c<style>d</style>", "ac"},
		{"<p>one\ntwo</p>", "one two"},
	} {
		if got := Text(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestSummary(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"<p>一二三</p>", 3, "一二三"},
		{"<p>一二三四五六七</p>", 4, "一二三…"},
		{"<p>一二三四，六七八九</p>", 6, "一二三四…"},
		{"<p>一二三四。六七八九</p>", 6, "一二三四。"},
		{"<p>一</p>", 0, ""},
	} {
		if got := Summary(tt.in, tt.n); got != tt.want {
			t.Errorf("%s to %d: got %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

// TestMarkdownIsCalm: no block has so many marks that reading it takes a core away from everybody else, and
// nothing but empty lines is added.
func TestMarkdownIsCalm(t *testing.T) {
	for _, in := range []string{
		strings.Repeat("[", 9000), strings.Repeat("[a](", 9000), strings.Repeat("**a_", 9000), strings.Repeat("[a]: /x\n", 9000), strings.Repeat("- *a*\n", 9000),
	} {
		out := calm(in)
		for block := range strings.SplitSeq(out, "\n\n") {
			marks := 0
			for _, c := range block {
				if strings.ContainsRune("*_~[]`<!&", c) {
					marks++
				}
			}
			if marks > maxMarks {
				t.Errorf("%.10s: a block of %d marks", in, marks)
			}
		}
		if got := strings.ReplaceAll(out, "\n", ""); got != strings.ReplaceAll(in, "\n", "") {
			t.Errorf("%.10s: the text is another one", in)
		}
	}
	in := "# a\n\n" + strings.Repeat("[a](/b) *c*\n\n", 3000)
	if got := calm(in); got != in {
		t.Error("a long text of ordinary blocks was changed")
	}
}
