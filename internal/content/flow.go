package content

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// forSale is how long something is offered for sale where nobody says until when.
const forSale = 30 * 24 * time.Hour

// Submit sends the newest revision to review.
func (d *Desk) Submit(ctx context.Context, by Actor, id ArticleID, version int64, remark string) (Article, error) {
	a, err := d.take(ctx, by, site.Submit, id, version)
	if err != nil {
		return a, err
	}
	if err := wants(&a, Draft, Withdrawn); err != nil {
		return a, err
	}
	if _, err := d.ready(ctx, &a); err != nil {
		return a, err
	}
	a.State = Review
	return d.step(ctx, by, a, "submit", remark, nil)
}

// SendBack returns an article to its author and says why.
func (d *Desk) SendBack(ctx context.Context, by Actor, id ArticleID, version int64, remark string) (Article, error) {
	a, err := d.take(ctx, by, site.Review, id, version)
	if err != nil {
		return a, err
	}
	if err := wants(&a, Review, Scheduled); err != nil {
		return a, err
	}
	if strings.TrimSpace(remark) == "" {
		return a, errs.Problems{{Field: "remark", Code: "missing"}}
	}
	a.State, a.PublishAt = Draft, time.Time{}
	return d.step(ctx, by, a, "sendback", remark, nil)
}

// Publish makes the newest revision public, now or (where at is to come) then.
func (d *Desk) Publish(ctx context.Context, by Actor, id ArticleID, version int64, at time.Time) (Article, error) {
	a, err := d.take(ctx, by, site.Publish, id, version)
	if err != nil {
		return a, err
	}
	r, err := d.ready(ctx, &a)
	if err != nil {
		return a, err
	}
	now := d.Now().UTC()
	if at.After(now) {
		if !r.Head.Until.IsZero() && !r.Head.Until.After(at) {
			return a, errs.Problems{{Field: "until", Code: "past"}}
		}
		a.State, a.PublishAt = Scheduled, at.UTC()
		return d.step(ctx, by, a, "schedule", "", nil)
	}
	words, err := makePublic(&a, &r, d.Cleaner, now)
	if err != nil {
		return a, err
	}
	return d.step(ctx, by, a, "publish", "", words)
}

// makePublic makes a revision the one that visitors see.
func makePublic(a *Article, r *Revision, clean Cleaner, now time.Time) (*Words, error) {
	text := clean.Text(r.Body)
	until := r.Head.Until
	if until.IsZero() && a.Kind == Produce {
		until = now.Add(forSale)
	}
	if !until.IsZero() && !until.After(now) {
		return nil, errs.Problems{{Field: "until", Code: "past"}}
	}
	a.LiveN, a.Live = r.N, r.Head
	if a.Live.Summary == "" {
		a.Live.Summary = beginning(text, 90)
	}
	if a.Live.Cover == nil {
		a.Live.Cover = firstPicture(r)
	}
	if a.Published.IsZero() {
		a.Published = now
	}
	a.State, a.PublishAt, a.Expires = Published, time.Time{}, until
	words := Index(r.Head.Title, text)
	return &words, nil
}

// picturePattern finds pictures of ours in clean HTML, whose attributes stand in double quotes.
var (
	picturePattern = regexp.MustCompile(`<img [^>]*src="/files/([A-Za-z0-9_-]+)/([^"/?#]*)[^>]*>`)
	altPattern     = regexp.MustCompile(` alt="([^"&]*)"`)
)

func firstPicture(r *Revision) *Picture {
	if len(r.Head.Pictures) > 0 {
		p := r.Head.Pictures[0]
		return &p
	}
	m := picturePattern.FindStringSubmatch(r.Body)
	if m == nil {
		return nil
	}
	p := &Picture{File: m[1], Name: m[2]}
	if alt := altPattern.FindStringSubmatch(m[0]); alt != nil {
		p.Alt = alt[1]
	}
	return p
}

// beginning returns about n characters of a text, in one line.
func beginning(text string, n int) string {
	text = strings.Join(strings.Fields(text), " ")
	count := 0
	for i := range text {
		if count == n {
			return text[:i] + "…"
		}
		count++
	}
	return text
}

// ready returns the newest revision if it has what visitors need.
func (d *Desk) ready(ctx context.Context, a *Article) (Revision, error) {
	r, err := d.Articles.Revision(ctx, a.ID, a.Newest)
	if err != nil {
		return r, fmt.Errorf("article %d: %w", a.ID, err)
	}
	var p errs.Problems
	if r.Head.Title == "" {
		p.Add("title", "missing", "")
	}
	switch {
	case a.Kind == Album && len(r.Head.Pictures) == 0:
		p.Add("pictures", "missing", "")
	case a.Kind == Produce && (r.Head.Produce == nil || r.Head.Produce.Phone == ""):
		p.Add("phone", "missing", "")
	case a.Kind == Text && strings.TrimSpace(r.Body) == "" && len(r.Head.Files) == 0:
		p.Add("text", "missing", "")
	}
	return r, p.Err()
}

// Withdraw takes an article away from visitors, or off the schedule.
func (d *Desk) Withdraw(ctx context.Context, by Actor, id ArticleID, version int64, remark string) (Article, error) {
	a, err := d.take(ctx, by, site.Publish, id, version)
	if err != nil {
		return a, err
	}
	switch {
	case a.LiveN > 0:
		hide(&a)
		a.State = Withdrawn
	case a.State == Scheduled:
		a.State = Draft
	default:
		return a, errs.Problems{{Field: "state", Code: "state", Value: string(a.State)}}
	}
	a.PublishAt = time.Time{}
	return d.step(ctx, by, a, "withdraw", remark, nil)
}

func hide(a *Article) {
	a.LiveN, a.Live, a.Published, a.Expires, a.Pinned = 0, Head{}, time.Time{}, time.Time{}, false
}

// Pin puts a public article before all others of its lists, or back among them.
func (d *Desk) Pin(ctx context.Context, by Actor, id ArticleID, version int64, pinned bool) (Article, error) {
	a, err := d.take(ctx, by, site.Publish, id, version)
	if err != nil {
		return a, err
	}
	if a.LiveN == 0 {
		return a, errs.Problems{{Field: "state", Code: "state", Value: string(a.State)}}
	}
	a.Pinned = pinned
	return d.noted(ctx, by, a, fmt.Sprintf(`{"pinned":%t}`, pinned))
}

// Expire sets until when a public article is shown; zero: for ever, which things for sale are not.
func (d *Desk) Expire(ctx context.Context, by Actor, id ArticleID, version int64, at time.Time) (Article, error) {
	a, err := d.take(ctx, by, site.Publish, id, version)
	if err != nil {
		return a, err
	}
	switch {
	case a.LiveN == 0:
		return a, errs.Problems{{Field: "state", Code: "state", Value: string(a.State)}}
	case !at.IsZero() && !at.After(d.Now()):
		return a, errs.Problems{{Field: "until", Code: "past"}}
	case at.IsZero() && a.Kind == Produce:
		return a, errs.Problems{{Field: "until", Code: "missing"}}
	}
	a.Expires = time.Time{}
	if !at.IsZero() {
		a.Expires = at.UTC()
	}
	return d.noted(ctx, by, a, fmt.Sprintf(`{"expires":%d}`, at.Unix()))
}

// Refile moves an article to another column of its site, of the same kind, at once.
func (d *Desk) Refile(ctx context.Context, by Actor, id ArticleID, version int64, slug string) (Article, error) {
	a, err := d.take(ctx, by, site.Publish, id, version)
	if err != nil {
		return a, err
	}
	col, ok := d.Columns.Find(d.Network.Tree().Get(a.Site), slug)
	if !ok || col.Kind != a.Kind {
		return a, errs.Problems{{Field: "slug", Code: "unknown", Value: slug}}
	}
	was := a.Slug
	a.Slug = slug
	return d.noted(ctx, by, a, fmt.Sprintf(`{"from":%q,"to":%q}`, was, slug))
}

// noted keeps a change of what is public that is no new text.
func (d *Desk) noted(ctx context.Context, by Actor, a Article, detail string) (Article, error) {
	return d.keep(ctx, Edit{Article: a, Entries: []site.Entry{by.entry(a.Site, "article.publish", "", detail)}})
}

// wants refuses articles in other states.
func wants(a *Article, states ...State) error {
	for _, s := range states {
		if a.State == s {
			return nil
		}
	}
	return errs.Problems{{Field: "state", Code: "state", Value: string(a.State)}}
}

func (d *Desk) step(ctx context.Context, by Actor, a Article, action, remark string, words *Words) (Article, error) {
	e := Edit{Article: a, Words: words, Entries: []site.Entry{by.entry(a.Site, "article."+action, "", "")}}
	e.Remark = &Remark{By: by.Who.Account, At: d.Now().UTC(), Action: action, Text: strings.TrimSpace(remark)}
	return d.keep(ctx, e)
}
