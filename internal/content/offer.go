package content

import (
	"context"
	"fmt"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// OfferUp offers an article to a site above (报送); to 0: the next one.
func (d *Desk) OfferUp(ctx context.Context, by Actor, id ArticleID, to site.ID, note string) (Offer, error) {
	a, err := d.Get(ctx, by, id)
	if err != nil {
		return Offer{}, err
	}
	if !d.may(by, site.OfferUp, &a) {
		return Offer{}, fmt.Errorf("offer article %d: %w", id, errs.Denied)
	}
	from := d.Network.Tree().Get(a.Site)
	target := from.Above
	for to != 0 && target != nil && target.ID != to {
		target = target.Above
	}
	if target == nil {
		return Offer{}, errs.Problems{{Field: "to", Code: "unknown"}}
	}
	if _, err := d.ready(ctx, &a); err != nil {
		return Offer{}, err
	}
	open, err := d.Offers.Offers(ctx, OfferFilter{Article: id, To: []site.ID{target.ID}, State: OfferOpen, Limit: 1})
	if err != nil {
		return Offer{}, fmt.Errorf("offer article %d: %w", id, err)
	}
	if len(open) > 0 {
		return open[0], fmt.Errorf("offer article %d to %s: %w", id, target.Code, errs.Exists)
	}
	n := a.LiveN
	if n == 0 {
		n = a.Newest
	}
	o := Offer{Article: id, N: n, Title: a.Title, From: a.Site, To: target.ID, State: OfferOpen, By: by.Who.Account, At: d.Now().UTC(), Note: strings.TrimSpace(note)}
	return d.Offers.KeepOffer(ctx, o, nil, by.entry(a.Site, "article.offer", object(id), fmt.Sprintf(`{"to":%d}`, target.ID)))
}

// Inbox returns what was offered to the sites where somebody may take it. state "": in any.
func (d *Desk) Inbox(ctx context.Context, by Actor, state OfferState, limit int) ([]Offer, error) {
	t := d.Network.Tree()
	to := below(t, t.Reach(by.Who, site.TakeOffer))
	if len(to) == 0 {
		return nil, nil
	}
	if len(to) == t.Len() {
		to = nil
	}
	return d.Offers.Offers(ctx, OfferFilter{To: to, State: state, Limit: limit})
}

// offer returns an open offer to somebody who may answer it, or (asked is OfferUp) who made it.
func (d *Desk) offer(ctx context.Context, by Actor, id OfferID, asked site.Action) (Offer, error) {
	found, err := d.Offers.Offers(ctx, OfferFilter{ID: id, Limit: 1})
	if err != nil {
		return Offer{}, fmt.Errorf("offer %d: %w", id, err)
	}
	if len(found) == 0 {
		return Offer{}, fmt.Errorf("offer %d: %w", id, errs.NotFound)
	}
	o := found[0]
	at := o.To
	if asked == site.OfferUp {
		at = o.From
	}
	if !d.Network.Tree().May(by.Who, asked, site.Object{Site: at}) {
		return Offer{}, fmt.Errorf("offer %d: %w", id, errs.NotFound)
	}
	if o.State != OfferOpen {
		return o, fmt.Errorf("offer %d is %s: %w", id, o.State, errs.Conflict)
	}
	return o, nil
}

// Offered returns an offered revision to somebody who may take it.
func (d *Desk) Offered(ctx context.Context, by Actor, id OfferID) (Offer, Revision, error) {
	o, err := d.offer(ctx, by, id, site.TakeOffer)
	if err != nil {
		return o, Revision{}, err
	}
	r, err := d.Articles.Revision(ctx, o.Article, o.N)
	if err != nil {
		return o, r, fmt.Errorf("offer %d: %w", id, err)
	}
	return o, r, nil
}

// Take makes an article of an offer, on the site above: to be reviewed, or public at once. slug "": the
// column of the same name.
func (d *Desk) Take(ctx context.Context, by Actor, id OfferID, slug string, public bool) (Article, error) {
	o, old, err := d.Offered(ctx, by, id)
	if err != nil {
		return Article{}, err
	}
	src, err := d.Articles.Article(ctx, o.Article)
	if err != nil {
		return Article{}, fmt.Errorf("offer %d: %w", id, err)
	}
	t := d.Network.Tree()
	if slug == "" {
		slug = src.Slug
	}
	col, ok := d.Columns.Find(t.Get(o.To), slug)
	if !ok || col.Kind != src.Kind {
		return Article{}, errs.Problems{{Field: "slug", Code: "unknown", Value: slug}}
	}
	now := d.Now().UTC()
	r := old
	r.Article, r.N, r.By, r.At, r.Note = 0, 1, by.Who.Account, now, ""
	if from := t.Get(o.From); r.Head.Source == "" && from != nil {
		r.Head.Source = from.Name
	}
	a := Article{
		Site: o.To, Slug: slug, Kind: src.Kind, State: Review, Owner: by.Who.Account, Title: r.Head.Title, Newest: 1,
		Origin: src.ID, Created: now,
	}
	o.State, o.AnsweredBy, o.Answered = OfferTaken, by.Who.Account, now
	e := Edit{Revision: &r, Offer: &o, Entries: []site.Entry{by.entry(o.To, "article.take", "", fmt.Sprintf(`{"offer":%d,"article":%d}`, o.ID, src.ID))}}
	if public {
		if !d.may(by, site.Publish, &a) {
			return Article{}, fmt.Errorf("publish on site %d: %w", o.To, errs.Denied)
		}
		if e.Words, err = makePublic(&a, &r, d.Cleaner, now); err != nil {
			return a, err
		}
	}
	e.Article = a
	return d.keep(ctx, e)
}

// Decline says no to an offer, and why.
func (d *Desk) Decline(ctx context.Context, by Actor, id OfferID, note string) (Offer, error) {
	o, err := d.offer(ctx, by, id, site.TakeOffer)
	if err != nil {
		return o, err
	}
	o.State, o.AnsweredBy, o.Answered = OfferDeclined, by.Who.Account, d.Now().UTC()
	r := &Remark{By: by.Who.Account, At: o.Answered, Action: "decline", Text: strings.TrimSpace(note)}
	return d.Offers.KeepOffer(ctx, o, r, by.entry(o.To, "article.decline", object(o.Article), fmt.Sprintf(`{"offer":%d}`, o.ID)))
}

// TakeBack withdraws an offer that nobody answered.
func (d *Desk) TakeBack(ctx context.Context, by Actor, id OfferID) (Offer, error) {
	o, err := d.offer(ctx, by, id, site.OfferUp)
	if err != nil {
		return o, err
	}
	o.State, o.AnsweredBy, o.Answered = OfferWithdrawn, by.Who.Account, d.Now().UTC()
	return d.Offers.KeepOffer(ctx, o, nil, by.entry(o.From, "article.offer", object(o.Article), fmt.Sprintf(`{"offer":%d,"withdrawn":true}`, o.ID)))
}

// Trail returns where an article went.
func (d *Desk) Trail(ctx context.Context, by Actor, id ArticleID) (Trail, error) {
	a, err := d.Get(ctx, by, id)
	if err != nil {
		return Trail{}, err
	}
	var tr Trail
	if tr.Placements, err = d.Trails.Placements(ctx, id); err != nil {
		return tr, fmt.Errorf("trail of article %d: %w", id, err)
	}
	if tr.Offers, err = d.Offers.Offers(ctx, OfferFilter{Article: id}); err != nil {
		return tr, fmt.Errorf("trail of article %d: %w", id, err)
	}
	copies, err := d.Trails.Copies(ctx, id)
	if err != nil {
		return tr, fmt.Errorf("trail of article %d: %w", id, err)
	}
	ids := []ArticleID{id}
	for i := range copies {
		ids = append(ids, copies[i].ID)
	}
	if a.Origin != 0 {
		ids = append(ids, a.Origin)
	}
	views, err := d.Trails.ViewsOf(ctx, ids)
	if err != nil {
		return tr, fmt.Errorf("trail of article %d: %w", id, err)
	}
	now := d.Now()
	tr.Views = views[id]
	for i := range copies {
		tr.Copies = append(tr.Copies, copyOf(&copies[i], views, now))
	}
	if a.Origin != 0 {
		if src, err := d.Articles.Article(ctx, a.Origin); err == nil && src.Deleted.IsZero() {
			c := copyOf(&src, views, now)
			tr.Origin = &c
		}
	}
	return tr, nil
}

func copyOf(a *Article, views map[ArticleID]int64, now time.Time) Copy {
	return Copy{Article: a.ID, Site: a.Site, Title: a.Title, State: a.State, Public: a.Public(now), Views: views[a.ID]}
}

// Remarks returns what was said about an article on its way, oldest first.
func (d *Desk) Remarks(ctx context.Context, by Actor, id ArticleID) ([]Remark, error) {
	if _, err := d.Get(ctx, by, id); err != nil {
		return nil, err
	}
	return d.Trails.Remarks(ctx, id)
}
