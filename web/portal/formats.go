package portal

import "time"

// RSS 2.0 (https://www.rssboard.org/rss-specification).

type rssDoc struct {
	XMLName struct{}   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Updated     string    `xml:"lastBuildDate,omitempty"`
	Self        atomLink  `xml:"atom:link"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string  `xml:"title"`
	Link        string  `xml:"link"`
	GUID        rssGUID `xml:"guid"`
	Published   string  `xml:"pubDate"`
	Category    string  `xml:"category,omitempty"`
	Description string  `xml:"description,omitempty"`
}

type rssGUID struct {
	Permanent string `xml:"isPermaLink,attr"`
	Text      string `xml:",chardata"`
}

func (x *digest) rss() rssDoc {
	c := rssChannel{
		Title: x.Title, Link: x.Page, Description: x.About, Language: x.Lang, Updated: mailDate(x.Updated),
		Self: atomLink{Href: x.Self, Rel: "self", Type: "application/rss+xml"},
	}
	if c.Description == "" {
		c.Description = x.Title
	}
	for _, e := range x.Entries {
		c.Items = append(c.Items, rssItem{e.Title, e.Page, rssGUID{"false", e.ID}, mailDate(e.Published), e.Column, e.Summary})
	}
	return rssDoc{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Channel: c}
}

func mailDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC1123Z)
}

// Atom (RFC 4287).

type atomDoc struct {
	XMLName struct{}    `xml:"feed"`
	NS      string      `xml:"xmlns,attr"`
	Lang    string      `xml:"xml:lang,attr"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Links   []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr,omitempty"`
	Type string `xml:"type,attr,omitempty"`
}

type atomEntry struct {
	ID        string     `xml:"id"`
	Title     string     `xml:"title"`
	Updated   string     `xml:"updated"`
	Published string     `xml:"published"`
	Author    atomPerson `xml:"author"`
	Link      atomLink   `xml:"link"`
	Summary   string     `xml:"summary,omitempty"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

func (x *digest) atom() atomDoc {
	// A feed must have a time, also where nothing is in it.
	doc := atomDoc{
		NS: "http://www.w3.org/2005/Atom", Lang: x.Lang, ID: x.Page, Title: x.Title, Updated: x.Updated.Format(time.RFC3339),
		Links: []atomLink{{Href: x.Page}, {Href: x.Self, Rel: "self", Type: "application/atom+xml"}},
	}
	for _, e := range x.Entries {
		at := e.Published.Format(time.RFC3339)
		doc.Entries = append(doc.Entries, atomEntry{e.ID, e.Title, at, at, atomPerson{e.Author}, atomLink{Href: e.Page}, e.Summary})
	}
	return doc
}

// JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).

type jsonDoc struct {
	Version     string     `json:"version"`
	Title       string     `json:"title"`
	Home        string     `json:"home_page_url"`
	Feed        string     `json:"feed_url"`
	Description string     `json:"description,omitempty"`
	Language    string     `json:"language"`
	Items       []jsonItem `json:"items"`
}

type jsonItem struct {
	ID        string       `json:"id"`
	URL       string       `json:"url"`
	Title     string       `json:"title"`
	Summary   string       `json:"summary,omitempty"`
	Text      string       `json:"content_text"`
	Image     string       `json:"image,omitempty"`
	Published string       `json:"date_published"`
	Authors   []jsonAuthor `json:"authors"`
	Tags      []string     `json:"tags,omitempty"`
}

type jsonAuthor struct {
	Name string `json:"name"`
}

func (x *digest) json() jsonDoc {
	doc := jsonDoc{Version: "https://jsonfeed.org/version/1.1", Title: x.Title, Home: x.Page, Feed: x.Self, Description: x.About, Language: x.Lang, Items: []jsonItem{}}
	for _, e := range x.Entries {
		it := jsonItem{
			ID: e.ID, URL: e.Page, Title: e.Title, Summary: e.Summary, Text: e.Summary, Image: e.Image,
			Published: e.Published.Format(time.RFC3339), Authors: []jsonAuthor{{e.Author}},
		}
		if it.Text == "" {
			it.Text = e.Title
		}
		if e.Column != "" {
			it.Tags = []string{e.Column}
		}
		doc.Items = append(doc.Items, it)
	}
	return doc
}
