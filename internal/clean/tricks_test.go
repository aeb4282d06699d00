package clean

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tricks are ways in which scripts have come into pages that thought they were safe.
var tricks = []string{
	`<script>alert(1)</script>`,
	`<ScRiPt src=//evil.example/x.js></sCrIpT>`,
	`<scr<script>ipt>alert(1)</scr</script>ipt>`,
	`<img src=x onerror=alert(1)>`,
	`<img/src="x"/onerror=alert(1)//>`,
	"<img src=`x` onerror\n=\nalert(1)>",
	`<img src="/files/abcdefghijklmnopqrstuvwx/a.jpg" onload=alert(1) style="background:url(javascript:1)">`,
	`<img src="/files/abcdefghijklmnopqrstuvwx/a.jpg&quot; onerror=&quot;alert(1)">`,
	`<img src="javascript:alert(1)"><img dynsrc="javascript:1"><img lowsrc="javascript:1">`,
	`<image href=x onerror=alert(1)>`,
	`<svg onload=alert(1)><script>alert(1)</script></svg>`,
	`<svg><a xlink:href="javascript:alert(1)"><text>x</text></a><animate attributeName=href values=javascript:1></svg>`,
	`<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<math><mi//xlink:href="data:x,<script>alert(1)</script>">`,
	`<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
	`<a href="javascript:alert(1)">x</a>`,
	`<a href=" javascript:alert(1)">x</a>`,
	"<a href=\"java\nscript:alert(1)\">x</a>",
	"<a href=\"java&#10;script:alert(1)\">x</a>",
	"<a href=\"\x01javascript:alert(1)\">x</a>",
	`<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)">x</a>`,
	`<a href="JaVaScRiPt:alert(1)">x</a><a href="vbscript:msgbox(1)">x</a>`,
	`<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>`,
	`<a href="//evil.example/x">x</a><a href="/\evil.example">x</a><a href="\\evil.example">x</a>`,
	`<a href="https://good.example@evil.example/">x</a>`,
	`<a href="/files/x" onmouseover="alert(1)" style="position:fixed;top:0">x</a>`,
	`<iframe src="javascript:alert(1)"></iframe><iframe srcdoc="<script>1</script>"></iframe>`,
	`<object data="javascript:alert(1)"></object><embed src="javascript:alert(1)"><applet code=x></applet>`,
	`<link rel=stylesheet href="javascript:1"><style>@import'javascript:alert(1)';</style>`,
	`<meta http-equiv=refresh content="0;url=javascript:alert(1)"><base href="javascript:/a/">`,
	`<body onload=alert(1)><body background="javascript:1">`,
	`<p style="width:expression(alert(1));behavior:url(x.htc);-moz-binding:url(x)">x</p>`,
	`<div style="background-image:\75\72\6c\28'javascript:alert(1)'\29">x</div>`,
	`<input autofocus onfocus=alert(1)><select onfocus=alert(1) autofocus><textarea autofocus onfocus=1>`,
	`<form action="javascript:alert(1)"><button formaction="javascript:alert(1)">x</button></form>`,
	`<video><source onerror=alert(1)></video><audio src=x onerror=alert(1)>`,
	`<details open ontoggle=alert(1)><summary>x</summary></details>`,
	`<marquee onstart=alert(1)>x</marquee><isindex action=javascript:1 type=image>`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>`,
	`<title><img src=x onerror=alert(1)></title><xmp><img src=x onerror=1></xmp><plaintext><img onerror=1>`,
	`<textarea><img src=x onerror=alert(1)></textarea>`,
	`<noembed><img src=x onerror=alert(1)></noembed><noframes><img src=x onerror=alert(1)></noframes>`,
	`<template><script>alert(1)</script></template><template shadowrootmode=open><script>1</script></template>`,
	`<!--><script>alert(1)</script>--><!--[if IE]><script>alert(1)</script><![endif]-->`,
	`<![CDATA[<script>alert(1)</script>]]><?xml version="1.0"?><?import namespace="t"?>`,
	`<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`,
	`<table background="javascript:alert(1)"><td background="javascript:alert(1)">x</table>`,
	`<div data-embed="live:x&quot; onclick=&quot;alert(1)">x</div><div data-embed='live:<script>'>x</div>`,
	`<div data-embed="live:x" data-bind="alert(1)" v-html="x" ng-app x-data="alert(1)">x</div>`,
	`<p id=cookie name=body>clobber</p><img name=getElementById src=/files/abcdefghijklmnopqrstuvwx/a.jpg>`,
	"<p>\u2028<script>\u2029</p>",
	`<pre><code></code></pre><img src=x onerror=alert(1)></pre>`,
	`&lt;script&gt;alert(1)&lt;/script&gt;`,
	`<<script>alert(1);//<</script>`,
	`<script>alert(1)`,
	`<img src="x` + "\x00" + `" on` + "\x00" + `error=alert(1)>`,
	`<a href="https://[::1]:x/">x</a><a href="https:///evil">x</a><a href="https:evil">x</a><a href="mailto:">x</a>`,
}

func TestTricksStayOut(t *testing.T) {
	c := New()
	for _, in := range tricks {
		harmless(t, c, in)
		for _, around := range []string{"<table><tr><td>%</td></tr></table>", "<ul><li>%", "<b><i>%</b>", "<a href=/x>%", "<p>%<p>", "<svg>%", "<math><mtext>%", "<h2>%", "<figure>%<figcaption>%", `<p title="%">`} {
			harmless(t, c, strings.ReplaceAll(around, "%", in))
		}
		md := c.Markdown(in)
		inspect(t, in, md)
	}
}

// harmless cleans and looks for what must not be there. It also proves that clean text stays as it is.
func harmless(t *testing.T, c *Cleaner, in string) {
	t.Helper()
	out := c.HTML(in)
	inspect(t, in, out)
	if again := c.HTML(out); again != out {
		t.Errorf("%q cleaned twice:\ngot  %q\nwant %q", in, again, out)
	}
}

var allowed = map[string]string{
	"h2": "", "h3": "", "h4": "", "p": "", "ul": "", "ol": "start", "li": "", "blockquote": "", "figure": "", "figcaption": "", "hr": "", "pre": "", "br": "",
	"strong": "", "em": "", "u": "", "s": "", "sub": "", "sup": "", "code": "", "table": "", "caption": "", "thead": "", "tbody": "", "tr": "",
	"td": "colspan rowspan", "th": "scope colspan rowspan", "a": "href rel", "img": "src alt width height loading", "div": "data-embed",
}

// inspect reads the answer as browsers do, with and without scripts.
func inspect(t *testing.T, in, out string) {
	t.Helper()
	for _, scripts := range []bool{true, false} {
		roots, err := html.ParseFragmentWithOptions(strings.NewReader(out), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div}, html.ParseOptionEnableScripting(scripts))
		if err != nil {
			t.Fatalf("%q: the answer can't be read: %v", in, err)
		}
		for _, root := range roots {
			for n := range everyNode(root) {
				if n.Type == html.TextNode {
					continue
				}
				names, ok := allowed[n.Data]
				if n.Type != html.ElementNode || n.Namespace != "" || !ok {
					t.Fatalf("%q: %q has <%s>", in, out, n.Data)
				}
				for _, a := range n.Attr {
					if !strings.Contains(" "+names+" ", " "+a.Key+" ") || a.Namespace != "" {
						t.Fatalf("%q: %q has the attribute %q", in, out, a.Key)
					}
					value := strings.ToLower(a.Val)
					switch a.Key {
					case "href":
						if !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") && !strings.HasPrefix(value, "mailto:") && !strings.HasPrefix(value, "tel:") &&
							(!strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//") || strings.HasPrefix(value, `/\`)) {
							t.Fatalf("%q: %q links to %q", in, out, a.Val)
						}
					case "src":
						if !strings.HasPrefix(value, "/files/") {
							t.Fatalf("%q: %q shows %q", in, out, a.Val)
						}
					}
				}
			}
		}
	}
}

func everyNode(root *html.Node) func(yield func(*html.Node) bool) {
	return func(yield func(*html.Node) bool) {
		if !yield(root) {
			return
		}
		for n := range root.Descendants() {
			if !yield(n) {
				return
			}
		}
	}
}

func FuzzHTML(f *testing.F) {
	for _, in := range tricks {
		f.Add(in)
	}
	f.Add(`<ul><li>a<p>b<ol><li>c</ul><table><caption>x<tr><th>a<td>b<table><tr><td>x</table></table><figure><img src="` + ours + `"><figcaption>x<br><br>y`)
	f.Add(`<p style="mso-list:l0 level3 lfo1"><span style="mso-list:Ignore">1.</span>x</p><p style="mso-list:l0 level1">y<blockquote>z<pre> x <br> y</pre>`)
	c := New()
	f.Fuzz(func(t *testing.T, in string) { harmless(t, c, in) })
}

func FuzzMarkdown(f *testing.F) {
	f.Add("# a\n> - b\n>   1. c\n\n|a|b|\n|-|-|\n|c|d|\n[x](javascript:1) <b onclick=x>**a*b***")
	f.Add("~~~\n<script>\n~~~\n<div data-embed=\"live:x\"></div>\n* * *\n[a]: /x\n![a][a]")
	c := New()
	f.Fuzz(func(t *testing.T, in string) {
		out := c.Markdown(in)
		inspect(t, in, out)
		if again := c.HTML(out); again != out {
			t.Errorf("%q cleaned twice:\ngot  %q\nwant %q", in, again, out)
		}
		Text(in)
	})
}
