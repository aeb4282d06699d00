package content

import (
	"context"
	"fmt"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Batch keeps many changes at once, all or none. Package store does.
type Batch interface {
	KeepAll(ctx context.Context, edits []Edit) ([]Article, error)
}

// Ready is an article that was written elsewhere.
type Ready struct {
	Writing
	Owner     site.AccountID
	State     State     // Draft, Review, Scheduled or Published
	At        time.Time // since when it is public, or what it is scheduled for
	Pinned    bool
	PushTo    []site.ID // with all below them
	Submitted string    // what was said when it was sent to review
}

// Import keeps many articles at once, with the time at which they were published. Those that are public are
// best given oldest first: the search shows what came last before what came first. The server itself may do
// it, and who may publish and push down on all of the sites.
func (d *Desk) Import(ctx context.Context, by Actor, keep Batch, list []Ready) ([]Article, error) {
	now := d.Now().UTC()
	t := d.Network.Tree()
	edits := make([]Edit, len(list))
	for i := range list {
		x := &list[i]
		for _, id := range append([]site.ID{x.Site}, x.PushTo...) {
			if by.Who.Account != site.System && !t.May(by.Who, site.PushDown, site.Object{Site: id}) {
				return nil, fmt.Errorf("import to site %d: %w", id, errs.Denied)
			}
		}
		e, err := d.imported(by, x, now)
		if err != nil {
			return nil, fmt.Errorf("article %d, %q: %w", i+1, x.Head.Title, err)
		}
		edits[i] = e
	}
	return keep.KeepAll(ctx, edits)
}

func (d *Desk) imported(by Actor, x *Ready, now time.Time) (Edit, error) {
	a := Article{Site: x.Site, Owner: x.Owner, State: x.State, Newest: 1, Created: now, Updated: now}
	col, err := d.check(&a, &x.Writing)
	if err != nil {
		return Edit{}, err
	}
	at := now
	if !x.At.IsZero() {
		at = x.At.UTC()
	}
	if x.State == Published {
		a.Created, a.Updated = at, at
	}
	a.Slug, a.Kind, a.Title = col.Slug, col.Kind, x.Head.Title
	r := Revision{N: 1, Head: x.Head, Format: x.Format, Text: x.Text, Body: d.cleaned(x.Format, x.Text), By: x.Owner, At: a.Created, Note: x.Note}
	e := Edit{Revision: &r, Entries: []site.Entry{by.entry(a.Site, "article.save", "", `{"import":true}`)}}
	switch x.State {
	case Draft:
	case Review:
		e.Remark = &Remark{By: x.Owner, At: now, Action: "submit", Text: x.Submitted}
	case Scheduled:
		a.PublishAt = at
	case Published:
		a.Published, a.Pinned = at, x.Pinned
		if e.Words, err = makePublic(&a, &r, d.Cleaner, now); err != nil {
			return Edit{}, err
		}
	default:
		return Edit{}, errs.Problems{{Field: "state", Code: "unknown", Value: string(x.State)}}
	}
	for _, id := range x.PushTo {
		e.Push = append(e.Push, Placement{Site: id, Slug: a.Slug, Below: true, By: x.Owner})
	}
	e.Article = a
	return e, nil
}
