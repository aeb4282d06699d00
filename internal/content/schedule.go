package content

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Schedule makes articles public whose time has come, takes away those that have expired, and deletes for good
// what was deleted long ago. Several
// processes may run one on the same database: each article changes once, by the version that was read.
type Schedule struct {
	Articles Articles
	Cleaner  Cleaner
	Now      func() time.Time
	Log      *slog.Logger
}

// beat is how often the schedule looks: at most so late is an article. A look costs three reads of empty ends
// of an index.
const beat = time.Second

// deletedKeep is how long what somebody deleted can be brought back.
const deletedKeep = 30 * 24 * time.Hour

// dueAtOnce bounds how many articles one look changes.
const dueAtOnce = 100

// Run looks every second until ctx ends.
func (s *Schedule) Run(ctx context.Context) {
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		if _, err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("publish and withdraw what is due", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// Look changes what is due and returns how many articles that were. One that can't be changed does not keep
// the others.
func (s *Schedule) Look(ctx context.Context) (int, error) {
	now := s.Now().UTC()
	done := 0
	var failed error
	for _, q := range []Filter{{Due: now, Limit: dueAtOnce}, {Ended: now, Limit: dueAtOnce}, {Swept: now.Add(-deletedKeep), Limit: dueAtOnce}} {
		due, err := s.Articles.Articles(ctx, q)
		if err != nil {
			return done, fmt.Errorf("look for what is due: %w", err)
		}
		for i := range due {
			change := s.publish
			switch {
			case !q.Ended.IsZero():
				change = s.expire
			case !q.Swept.IsZero():
				change = s.sweep
			}
			switch err := change(ctx, due[i], now); {
			case err == nil:
				done++
			case errors.Is(err, errs.Conflict), errors.Is(err, errs.NotFound): // somebody changed it, or was faster
			default:
				failed = errors.Join(failed, fmt.Errorf("article %d: %w", due[i].ID, err))
			}
		}
	}
	return done, failed
}

func (s *Schedule) publish(ctx context.Context, a Article, now time.Time) error {
	r, err := s.Articles.Revision(ctx, a.ID, a.Newest)
	if err != nil {
		return err
	}
	e := Edit{Entries: []site.Entry{System().entry(a.Site, "article.publish", object(a.ID), `{"scheduled":true}`)}}
	if e.Words, err = makePublic(&a, &r, s.Cleaner, now); err != nil {
		// It expired before its time came: it goes back, and its author is told.
		a.State, a.PublishAt = Draft, time.Time{}
		e = Edit{
			Remark:  &Remark{By: site.System, At: now, Action: "sendback", Text: "expired"},
			Entries: []site.Entry{System().entry(a.Site, "article.sendback", object(a.ID), `{"expired":true}`)},
		}
	}
	a.Updated = now
	e.Article = a
	_, err = s.Articles.Keep(ctx, e)
	return err
}

func (s *Schedule) expire(ctx context.Context, a Article, now time.Time) error {
	hide(&a)
	if a.State == Published {
		a.State = Withdrawn
	}
	a.Updated = now
	_, err := s.Articles.Keep(ctx, Edit{Article: a, Entries: []site.Entry{System().entry(a.Site, "article.withdraw", object(a.ID), `{"expired":true}`)}})
	return err
}

func (s *Schedule) sweep(ctx context.Context, a Article, _ time.Time) error {
	_, err := s.Articles.Keep(ctx, Edit{Article: a, Delete: true, Entries: []site.Entry{System().entry(a.Site, "article.delete", object(a.ID), `{"swept":true}`)}})
	return err
}
