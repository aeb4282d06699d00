package content

import (
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// ArticleID is an article's number. It is never given again.
type ArticleID int64

// Kind is what an article is, and what its column holds.
type Kind string

// The kinds.
const (
	Text    Kind = "text"
	Album   Kind = "album"   // pictures first
	Produce Kind = "produce" // something to sell: price, season, phone; it expires
)

// State is how far the newest revision of an article is.
type State string

// The states. An article whose State is not Published may be public all the same, with an older revision:
// see Article.Public.
const (
	Draft     State = "draft"
	Review    State = "review"
	Scheduled State = "scheduled"
	Published State = "published"
	Withdrawn State = "withdrawn"
)

// Article is an article without its texts.
type Article struct {
	ID      ArticleID
	Site    site.ID // its home
	Slug    string  // of the column
	Kind    Kind
	State   State
	Owner   site.AccountID
	Title   string // of the newest revision
	Newest  int    // number of the newest revision
	LiveN   int    // number of the revision that visitors see; 0: none
	Live    Head   // of that revision
	Pinned  bool
	Origin  ArticleID // the article of another site that it was taken from; 0: none
	Version int64     // grows with every change

	PublishAt time.Time // when it is scheduled for
	Published time.Time // when it became public; zero: it is not
	Expires   time.Time // zero: never
	Created   time.Time
	Updated   time.Time
	Deleted   time.Time // it can be brought back for some time; zero: it is there
}

// Public reports whether visitors see it at a time.
func (a *Article) Public(now time.Time) bool {
	return a.LiveN > 0 && (a.Expires.IsZero() || a.Expires.After(now))
}

// Edited reports whether there is a newer revision than the one that visitors see.
func (a *Article) Edited() bool { return a.LiveN > 0 && a.Newest > a.LiveN }

// Head is what lists show of an article; each revision has its own.
type Head struct {
	Title    string       `json:"title"`
	Summary  string       `json:"summary,omitempty"` // plain; "": the beginning of the text
	Cover    *Picture     `json:"cover,omitempty"`
	Source   string       `json:"source,omitempty"` // who wrote it first
	Author   string       `json:"author,omitempty"` // as visitors read it
	Pictures []Picture    `json:"pictures,omitempty"`
	Files    []Attachment `json:"files,omitempty"`
	Produce  *Offering    `json:"produce,omitempty"`
	Until    time.Time    `json:"until,omitzero"` // when it expires; zero: never
}

// Picture is a picture among the files.
type Picture struct {
	File    string `json:"file"` // its key
	Name    string `json:"name,omitempty"`
	Alt     string `json:"alt,omitempty"`
	Caption string `json:"caption,omitempty"`
	Width   int    `json:"width,omitempty"`
	Height  int    `json:"height,omitempty"`
}

// Attachment is a file to take away.
type Attachment struct {
	File string `json:"file"` // its key
	Name string `json:"name"`
	Size int64  `json:"size,omitempty"`
}

// Offering is something to sell.
type Offering struct {
	Price  string `json:"price,omitempty"` // in yuan, as written: "3.5", "面议"
	Unit   string `json:"unit,omitempty"`  // "斤"
	Season string `json:"season,omitempty"`
	Seller string `json:"seller,omitempty"`
	Phone  string `json:"phone,omitempty"`
}

// Format is how a text is written.
type Format string

// The formats.
const (
	HTML     Format = "html"
	Markdown Format = "markdown"
)

// Revision is a text of an article. Those that were published are never changed.
type Revision struct {
	Article ArticleID
	N       int // 1, 2, 3, …
	Head    Head
	Format  Format
	Text    string // as it was written
	Body    string // clean HTML
	By      site.AccountID
	At      time.Time
	Note    string // why it was made: "restored from 3"
}

// Remark is what was said about an article on its way.
type Remark struct {
	By     site.AccountID
	At     time.Time
	Action string // submit, sendback, publish, withdraw, decline
	Text   string
}

// StaleError says that somebody else changed an article first. It is errs.Conflict. With N the page can show
// both texts; nothing of either is lost.
type StaleError struct {
	Article ArticleID
	Version int64          // as it is now
	N       int            // the newest revision
	By      site.AccountID // who made it
	At      time.Time
}

func (e *StaleError) Error() string {
	return fmt.Sprintf("article %d was changed by account %d at %s: %v", e.Article, e.By, e.At.Format(time.RFC3339), errs.Conflict)
}

// Is makes StaleError a kind of errs.Conflict.
func (e *StaleError) Is(target error) bool { return target == errs.Conflict } //nolint:errorlint // a sentinel

// Cleaner makes what people write harmless. Package clean has one.
type Cleaner interface {
	HTML(text string) string     // HTML to clean HTML
	Markdown(text string) string // Markdown to clean HTML
	Text(html string) string     // clean HTML to plain text
}

// Actor is who does something, and from where.
type Actor struct {
	Who    site.Who
	Remote string
}

// System is the server itself: schedules and the command line. It may do nothing that is asked for by
// methods that check rights.
func System() Actor { return Actor{Who: site.Who{Account: site.System}} }

func (by Actor) entry(at site.ID, action, object, detail string) site.Entry {
	if detail == "" {
		detail = "{}"
	}
	return site.Entry{By: by.Who.Account, Remote: by.Remote, Site: at, Action: action, Object: object, Detail: detail}
}
