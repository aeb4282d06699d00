package content

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// LinkID is a link's number.
type LinkID int64

// Link leads from a site to another, and is checked every day.
type Link struct {
	ID       LinkID
	Site     site.ID
	Title    string
	URL      string
	Section  string // heading in the directory; "": without one
	Position int

	Checked  time.Time // zero: not yet
	Failing  time.Time // since when; zero: it works
	Failures int       // one after another
	Reason   string    // why it fails: "timeout", "name", "refused", "tls", "private", "404", …
}

// BrokenAfter is how many checks fail before a link is called broken: a server may be off for an hour.
const BrokenAfter = 2

// Broken reports whether visitors and editors are warned.
func (l *Link) Broken() bool { return l.Failures >= BrokenAfter }

// LinkKeeper keeps links. Package store is one.
type LinkKeeper interface {
	Links(ctx context.Context, at site.ID) ([]Link, error)                       // by position
	SaveLink(ctx context.Context, l Link, entries ...site.Entry) (Link, error)   // ID 0: new
	DeleteLink(ctx context.Context, l Link, entries ...site.Entry) error         //
	LinksDue(ctx context.Context, before time.Time, limit int) ([]Link, error)   // checked before then, oldest first
	LinkChecked(ctx context.Context, l Link, at time.Time, wasBroken bool) error // keeps the outcome of a check
}

// Links are the link directories of the sites. It is safe for all goroutines.
type Links struct {
	keep    LinkKeeper
	network *site.Network
}

// NewLinks returns the link directories.
func NewLinks(keep LinkKeeper, network *site.Network) *Links { return &Links{keep, network} }

// Links returns the links of a site, by position.
func (l *Links) Links(ctx context.Context, at site.ID) ([]Link, error) { return l.keep.Links(ctx, at) }

// Save adds a link (ID 0) or changes one of the same site.
func (l *Links) Save(ctx context.Context, by Actor, x Link) (Link, error) {
	if !l.network.Tree().May(by.Who, site.ManageColumns, site.Object{Site: x.Site}) {
		return x, fmt.Errorf("links of site %d: %w", x.Site, errs.Denied)
	}
	x.Title, x.URL, x.Section = strings.TrimSpace(x.Title), strings.TrimSpace(x.URL), strings.TrimSpace(x.Section)
	if err := x.check(); err != nil {
		return x, err
	}
	return l.keep.SaveLink(ctx, x, by.entry(x.Site, "links.change", "site:"+strconv.FormatInt(int64(x.Site), 10), ""))
}

// Delete takes a link away.
func (l *Links) Delete(ctx context.Context, by Actor, at site.ID, id LinkID) error {
	if !l.network.Tree().May(by.Who, site.ManageColumns, site.Object{Site: at}) {
		return fmt.Errorf("links of site %d: %w", at, errs.Denied)
	}
	return l.keep.DeleteLink(ctx, Link{ID: id, Site: at}, by.entry(at, "links.change", "site:"+strconv.FormatInt(int64(at), 10), `{"deleted":true}`))
}

func (l *Link) check() error {
	var p errs.Problems
	switch n := utf8.RuneCountInString(l.Title); {
	case n == 0:
		p.Add("title", "missing", "")
	case n > 80:
		p.Add("title", "long", "80")
	}
	if utf8.RuneCountInString(l.Section) > 40 {
		p.Add("section", "long", "40")
	}
	u, err := url.Parse(l.URL)
	switch {
	case l.URL == "":
		p.Add("url", "missing", "")
	case len(l.URL) > 500:
		p.Add("url", "long", "500")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		p.Add("url", "bad", "")
	}
	return p.Err()
}
