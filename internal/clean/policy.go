package clean

import (
	"regexp"

	"github.com/microcosm-cc/bluemonday"
)

// newPolicy allows what package clean writes, and no more.
func newPolicy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("h2", "h3", "h4", "p", "ul", "ol", "li", "blockquote", "figure", "figcaption", "hr", "pre", "br",
		"strong", "em", "u", "s", "sub", "sup", "code", "table", "caption", "thead", "tbody", "tr", "td", "th")
	number := regexp.MustCompile(`^[1-9][0-9]{0,3}$`)
	p.AllowAttrs("start").Matching(number).OnElements("ol")
	p.AllowAttrs("colspan", "rowspan").Matching(number).OnElements("td", "th")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`^(col|row)(group)?$`)).OnElements("th")

	p.AllowURLSchemes("http", "https", "mailto", "tel")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.AllowAttrs("href").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^nofollow noopener$`)).OnElements("a")

	p.AllowAttrs("src").Matching(ownFile).OnElements("img")
	p.AllowAttrs("alt").OnElements("img")
	p.AllowAttrs("width", "height").Matching(number).OnElements("img")
	p.AllowAttrs("loading").Matching(regexp.MustCompile(`^lazy$`)).OnElements("img")

	// Not AllowDataAttributes: only this one.
	p.AllowAttrs("data-embed").Matching(embedName).OnElements("div")
	return p
}
