package admin

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"xianfeng/internal/calendar"
	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

const (
	// calendarSetting has the network's working days; where nobody set it, those of the program hold.
	calendarSetting = "calendar"
	// answerIn is within how many working days a review or an offer is to be answered.
	answerIn = 1
)

// Settings keep what a network decides. Package store has them.
type Settings interface {
	Setting(ctx context.Context, path []site.ID, name string) (json.RawMessage, error)
}

// calendar returns the network's working days.
func (s *Server) calendar(ctx context.Context) (*calendar.Calendar, error) {
	d, err := calendar.China()
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what
	}
	if s.cfg.Settings != nil {
		set, err := s.cfg.Settings.Setting(ctx, nil, calendarSetting)
		if err == nil {
			d = calendar.Data{}
			err = json.Unmarshal(set, &d)
		}
		if err != nil && !errors.Is(err, errs.NotFound) {
			return nil, fmt.Errorf("setting %s: %w", calendarSetting, err)
		}
	}
	return calendar.New(d, s.cfg.Zone) //nolint:wrapcheck // it says what
}

// late says of what others wait for by how many working days it is late, and puts the latest first.
func (s *Server) late(r *http.Request, v *visit, p *todoPage) error {
	c, err := s.calendar(r.Context())
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	over := func(since time.Time) int { return max(0, c.Days(since, now)-answerIn) }
	for i := range p.Reviews {
		l := &p.Reviews[i]
		said, err := s.cfg.Desk.Remarks(r.Context(), v.by, l.ID)
		if err != nil {
			return err //nolint:wrapcheck // it names the article
		}
		since := l.Updated
		for _, x := range said {
			if x.Action == "submit" {
				since = x.At
			}
		}
		l.Late = over(since)
	}
	for i := range p.Offers {
		p.Offers[i].Late = over(p.Offers[i].At)
	}
	slices.SortStableFunc(p.Reviews, func(a, b listed) int { return cmp.Compare(b.Late, a.Late) })
	slices.SortStableFunc(p.Offers, func(a, b offered) int { return cmp.Compare(b.Late, a.Late) })
	return nil
}
