package clean

import (
	"strings"

	"golang.org/x/net/html"
)

// maxDepth is how deep lists, quotes and tables may stand in each other.
const maxDepth = 8

// walk reads a tree that came from outside.
type walk struct{ rep *Report }

// place is where in the tree the walk is.
type place struct {
	marks  mark
	href   string
	depth  int // of lists, quotes, tables
	hidden bool
}

// flow collects the blocks of one container.
type flow struct {
	*walk
	out  []*block
	runs []run  // of the paragraph under way
	tag  string // of the paragraph under way
}

// dropped are elements that go with all that is in them, and what is told of them.
var dropped = map[string]string{
	"script": Script, "noscript": "", "template": "", "style": "", "link": "", "meta": "", "base": "", "head": "", "title": "", "xml": "",
	"iframe": Media, "frame": Media, "frameset": Media, "object": Media, "embed": Media, "applet": Media, "audio": Media, "video": Media, "portal": Media,
	"canvas": Drawing, "svg": Drawing, "math": Drawing, "map": "", "area": "",
	"input": Form, "select": Form, "option": Form, "optgroup": Form, "textarea": Form, "button": Form, "datalist": Form, "dialog": Form,
	"xmp": "", "plaintext": "", "noembed": "", "noframes": "", "listing": "", "col": "", "colgroup": "",
}

// blocks are elements that begin a new line and are nothing else here.
var blocks = map[string]bool{
	"address": true, "article": true, "aside": true, "body": true, "center": true, "dd": true, "details": true, "div": true, "dl": true, "dt": true,
	"fieldset": true, "figcaption": true, "footer": true, "form": true, "header": true, "hgroup": true, "html": true, "legend": true, "main": true,
	"nav": true, "p": true, "search": true, "section": true, "summary": true,
	"caption": true, "thead": true, "tbody": true, "tfoot": true, "tr": true, "td": true, "th": true,
}

var headings = map[string]string{"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}

func (f *flow) children(n *html.Node, p place) {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		f.node(c, p)
	}
}

// inside returns the blocks that come of the children of n.
func (w *walk) inside(n *html.Node, p place) []*block {
	f := flow{walk: w, tag: "p"}
	f.children(n, p)
	return f.done()
}

func (f *flow) done() []*block {
	f.flush()
	return items(f.out)
}

// flush ends the paragraph under way.
func (f *flow) flush() {
	runs := f.runs
	f.runs = nil
	for _, line := range lines(tidy(runs)) {
		if len(line) == 0 {
			continue
		}
		tag := f.tag
		if tag != "p" {
			text := false
			for i := range line {
				line[i].marks &^= strong // a heading is bold already
				text = text || line[i].isText()
			}
			if line = tidy(line); !text {
				tag = "p"
			}
		}
		f.out = append(f.out, &block{tag: tag, runs: line})
	}
}

func (f *flow) add(b *block) {
	f.flush()
	f.out = append(f.out, b)
}

func (f *flow) node(n *html.Node, p place) {
	switch n.Type {
	case html.TextNode:
		f.runs = append(f.runs, run{text: n.Data, marks: p.marks, href: p.href})
		return
	case html.ElementNode:
	default: // comments, Word's conditions among them
		return
	}
	if n.Namespace != "" {
		f.rep.add(Drawing)
		return
	}
	if code, found := dropped[n.Data]; found {
		if code != "" {
			f.rep.add(code)
		}
		return
	}
	for _, a := range n.Attr {
		if strings.HasPrefix(a.Key, "on") {
			f.rep.add(Script)
		}
	}
	level, isItem := listLevel(n)
	p = p.format(n)
	if p.hidden {
		return
	}
	if isItem && p.depth < maxDepth {
		f.add(item(f.walk, n, p, level))
		return
	}
	switch n.Data {
	case "br", "wbr":
		if n.Data == "br" {
			f.runs = append(f.runs, run{brk: true})
		}
	case "img", "image":
		f.picture(n, p)
	case "a":
		f.children(n, f.link(n, p))
	case "h1", "h2", "h3", "h4", "h5", "h6":
		f.flush()
		before := f.tag
		f.tag = headings[n.Data]
		f.children(n, p)
		f.flush()
		f.tag = before
	case "hr":
		f.add(&block{tag: "hr"})
	case "pre":
		f.pre(n)
	case "blockquote":
		f.quote(n, p)
	case "ul", "ol", "menu", "dir":
		f.list(n, p)
	case "li": // without a list
		if p.depth >= maxDepth {
			f.flush()
			f.children(n, p)
			f.flush()
			return
		}
		f.add(item(f.walk, n, p, 1))
	case "table":
		f.table(n, p)
	case "figure":
		f.figure(n, p)
	default:
		if n.Data == "div" && f.embed(n) {
			return
		}
		if !blocks[n.Data] {
			f.children(n, p)
			return
		}
		f.flush()
		f.children(n, p)
		f.flush()
	}
}

func (f *flow) link(n *html.Node, p place) place {
	href := strings.TrimSpace(attr(n, "href"))
	if p.href = link(href); p.href == "" && href != "" && !strings.HasPrefix(href, "#") {
		f.rep.add(Link)
	}
	return p
}

func (f *flow) picture(n *html.Node, p place) {
	src := attr(n, "src")
	if lazy := attr(n, "data-src"); lazy != "" { // WeChat's
		src = lazy
	}
	src = strings.TrimSpace(src)
	if !ownFile.MatchString(src) || link(src) != src {
		if src != "" {
			f.rep.picture(src)
		}
		return
	}
	alt := strings.TrimSpace(strings.Map(visible, attr(n, "alt")))
	f.runs = append(f.runs, run{href: p.href, img: &image{src: src, alt: cutAt(alt, 1000), width: number(n, "width", 9999), height: number(n, "height", 9999)}})
}

// embed adds a block that the pages fill in. What was in it is only a stand-in.
func (f *flow) embed(n *html.Node) bool {
	name := attr(n, "data-embed")
	if name == "" {
		return false
	}
	if !embedName.MatchString(name) || strings.Contains(name, "..") {
		f.rep.add(Embed)
		return false
	}
	b := &block{tag: "div"}
	b.set("data-embed", name)
	f.add(b)
	return true
}

func (f *flow) pre(n *html.Node) {
	var text strings.Builder
	var collect func(*html.Node)
	collect = func(n *html.Node) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch {
			case c.Type == html.TextNode:
				text.WriteString(c.Data)
			case c.Type == html.ElementNode && c.Data == "br":
				text.WriteByte('\n')
			case c.Type == html.ElementNode && c.Namespace == "":
				if _, drop := dropped[c.Data]; !drop {
					collect(c)
				}
			}
		}
	}
	collect(n)
	out := strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, strings.ReplaceAll(text.String(), "\r", ""))
	if out = strings.Trim(out, "\n"); strings.TrimSpace(out) != "" {
		f.add(&block{tag: "pre", text: out})
	}
}

func (f *flow) quote(n *html.Node, p place) {
	f.flush()
	if p.depth >= maxDepth {
		f.children(n, p)
		f.flush()
		return
	}
	p.depth++
	if kids := f.inside(n, p); len(kids) > 0 {
		f.add(&block{tag: "blockquote", kids: kids})
	}
}

// figure is pictures with a caption; a figure of anything else is taken apart.
func (f *flow) figure(n *html.Node, p place) {
	f.flush()
	rest := flow{walk: f.walk, tag: "p"}
	var caption []run
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Type == html.ElementNode && c.Data == "figcaption" {
			for _, b := range f.inside(c, p) {
				if len(b.runs) > 0 && b.tag != "figure" && b.tag != "table" {
					caption = append(append(caption, b.runs...), run{text: " "})
				}
			}
			continue
		}
		rest.node(c, p)
	}
	out := rest.done()
	for i := range caption {
		if caption[i].img != nil { // a picture has its place above
			caption[i] = run{}
		}
	}
	caption = tidy(caption)
	if len(out) == 1 && out[0].tag == "p" && onlyPictures(out[0].runs) {
		f.add(&block{tag: "figure", runs: pictures(out[0].runs), under: oneParagraph(caption)})
		return
	}
	f.out = append(f.out, out...)
	f.runs = caption
	f.flush()
}

func onlyPictures(runs []run) bool {
	for i := range runs {
		if r := &runs[i]; r.isText() && strings.Trim(r.text, indent) != "" {
			return false
		}
	}
	return true
}

func pictures(runs []run) []run {
	var out []run
	for _, r := range runs {
		if r.img != nil {
			out = append(out, r)
		}
	}
	return out
}

// oneParagraph makes single breaks of double ones.
func oneParagraph(runs []run) []run {
	var out []run
	for _, line := range lines(runs) {
		if len(line) > 0 && len(out) > 0 {
			out = append(out, run{brk: true})
		}
		out = append(out, line...)
	}
	return out
}
