package clean

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/net/html"
)

// maxAddress bounds links.
const maxAddress = 2000

var (
	// ownFile is what package files gives out.
	ownFile = regexp.MustCompile(`^/files/[A-Za-z0-9_-]{16,64}/[^/?#\\"'<>\s]{1,300}$`)
	// embedName is KIND:NAME; names as those of streams.
	embedName = regexp.MustCompile(`^[a-z]{2,16}:[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Namespace == "" && a.Key == name {
			return a.Val
		}
	}
	return ""
}

// number returns an attribute that is a whole number from 1 to most; else "".
func number(n *html.Node, name string, most int) string {
	v, err := strconv.Atoi(strings.TrimSpace(attr(n, name)))
	if err != nil || v < 1 || v > most {
		return ""
	}
	return strconv.Itoa(v)
}

// link returns where a link may lead, or "".
func link(href string) string {
	href = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f { // browsers drop them: "java\nscript:"
			return -1
		}
		return r
	}, strings.TrimSpace(href))
	if href == "" || len(href) > maxAddress || strings.Contains(href, `\`) {
		return ""
	}
	u, err := url.Parse(href)
	if err != nil || u.User != nil {
		return ""
	}
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		if u.Host == "" {
			return ""
		}
	case "mailto", "tel":
		if u.Opaque == "" {
			return ""
		}
	case "":
		// "#…" leads to marks that are dropped, "//host" and "name" to what nobody meant.
		if u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") {
			return ""
		}
	default:
		return ""
	}
	out := u.String()
	if again, err := url.Parse(out); err != nil || again.String() != out || again.Scheme != strings.ToLower(u.Scheme) || again.Host != u.Host {
		return "" // an address that two readers read differently
	}
	return out
}

// foreign reports whether a link leads to another site, as far as its address tells.
func foreign(href string) bool {
	return strings.HasPrefix(href, "http://") || strings.HasPrefix(href, "https://")
}

// styles reads a style attribute. Only a few properties mean something here.
func styles(n *html.Node, each func(name, value string)) {
	text := attr(n, "style")
	if text == "" || len(text) > 4000 {
		return
	}
	for part := range strings.SplitSeq(strings.ToLower(text), ";") {
		if name, value, ok := strings.Cut(part, ":"); ok {
			each(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
}

// format is what an element's tag and style say of the text in it.
func (p place) format(n *html.Node) place {
	switch n.Data {
	case "b", "strong":
		p.marks |= strong
	case "i", "em", "cite", "dfn", "var":
		p.marks |= em
	case "u", "ins":
		p.marks |= under
	case "s", "strike", "del":
		p.marks |= strike
	case "sub":
		p.marks |= sub
	case "sup":
		p.marks |= sup
	case "code", "kbd", "samp", "tt":
		p.marks |= code
	}
	styles(n, func(name, value string) {
		switch name {
		case "font-weight":
			if weight, err := strconv.Atoi(value); value == "bold" || value == "bolder" || err == nil && weight >= 600 {
				p.marks |= strong
			} else if value == "normal" || err == nil {
				p.marks &^= strong
			}
		case "font-style":
			if value == "italic" || value == "oblique" {
				p.marks |= em
			} else if value == "normal" {
				p.marks &^= em
			}
		case "text-decoration", "text-decoration-line":
			if strings.Contains(value, "underline") {
				p.marks |= under
			}
			if strings.Contains(value, "line-through") {
				p.marks |= strike
			}
		case "vertical-align":
			switch value {
			case "super":
				p.marks |= sup
			case "sub":
				p.marks |= sub
			}
		case "display":
			p.hidden = p.hidden || value == "none"
		case "mso-hide":
			p.hidden = p.hidden || value == "all"
		case "mso-list":
			p.hidden = p.hidden || value == "ignore" // the bullet, drawn as text
		}
	})
	if p.marks&(sub|sup) == sub|sup {
		p.marks &^= sub | sup
	}
	return p
}
