// Package keeptest owns what every broadcast.Keeper has to do, as tests that each of them runs, and a keeper in
// memory for the tests of others.
//
// It refuses to know how a keeper does it.
package keeptest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
)

// Memory keeps broadcasts until it is gone.
type Memory struct {
	Listen func(tags []string) // told of every change, when it is kept; nil: nobody is

	mu  sync.Mutex // guards all, log, err
	all []broadcast.Broadcast
	log []site.Entry
	err error
}

// Fail has all that follows fail; nil: it works again.
func (m *Memory) Fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// Log returns the lines of the audit log.
func (m *Memory) Log() []site.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

// Broadcast implements broadcast.Keeper.
func (m *Memory) Broadcast(_ context.Context, id broadcast.ID) (broadcast.Broadcast, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return broadcast.Broadcast{}, m.err
	}
	for i := range m.all {
		if m.all[i].ID == id {
			return m.all[i], nil
		}
	}
	return broadcast.Broadcast{}, errs.NotFound
}

// Broadcasts implements broadcast.Keeper.
func (m *Memory) Broadcasts(_ context.Context, q broadcast.Filter) ([]broadcast.Broadcast, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, m.err
	}
	var out []broadcast.Broadcast
	for i := range m.all {
		b := &m.all[i]
		if q.Sites != nil && !slices.Contains(q.Sites, b.Site) || q.States != nil && !slices.Contains(q.States, b.State) {
			continue
		}
		from, to := b.From(), b.Until()
		lasting := to.After(q.From) || to.IsZero() && b.State == broadcast.OnAir || !from.Before(q.From)
		if !q.From.IsZero() && !lasting || !q.To.IsZero() && !from.Before(q.To) {
			continue
		}
		out = append(out, *b)
	}
	slices.SortFunc(out, func(a, b broadcast.Broadcast) int { return cmp.Or(a.From().Compare(b.From()), cmp.Compare(a.ID, b.ID)) })
	if q.Last {
		slices.Reverse(out)
	}
	if q.Limit > 0 {
		out = out[:min(len(out), q.Limit)]
	}
	return out, nil
}

// KeepBroadcast implements broadcast.Keeper.
func (m *Memory) KeepBroadcast(_ context.Context, c broadcast.Change) (broadcast.Broadcast, error) {
	b, err := m.change(c)
	if err == nil && m.Listen != nil {
		m.Listen([]string{broadcast.SiteTag(b.Site), broadcast.Tag(b.ID)})
	}
	return b, err
}

func (m *Memory) change(c broadcast.Change) (broadcast.Broadcast, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b := c.Broadcast
	if m.err != nil {
		return b, m.err
	}
	for i := range m.all {
		x := &m.all[i]
		if x.State != broadcast.OnAir {
			continue
		}
		if c.Alone && x.Site == b.Site && x.Source == b.Source && x.ID != b.ID {
			return b, errs.Exists
		}
		if x.Urgent && slices.Contains(c.Above, x.Site) && x.ID != b.ID {
			return b, &broadcast.OutrankedError{ID: x.ID, Site: x.Site, Title: x.Title}
		}
	}
	if b.ID == 0 {
		b.ID, b.Version = broadcast.ID(len(m.all)+1), 1
		m.all = append(m.all, b)
	} else {
		i := int(b.ID) - 1
		if i < 0 || i >= len(m.all) {
			return b, errs.NotFound
		}
		if was := &m.all[i]; was.Version != b.Version {
			return b, &broadcast.StaleError{ID: was.ID, State: was.State, Version: was.Version, At: was.Updated}
		}
		b.Version++
		b.Delay = max(b.Delay, m.all[i].Delay)
		m.all[i] = b
	}
	for _, e := range c.Entries {
		if e.Object == "" {
			e.Object = fmt.Sprint("broadcast:", b.ID)
		}
		m.log = append(m.log, e)
	}
	return b, nil
}

// RaiseDelay implements broadcast.Keeper.
func (m *Memory) RaiseDelay(_ context.Context, id broadcast.ID, from, to time.Duration) error {
	b, err := m.raise(id, from, to)
	if err == nil && m.Listen != nil {
		m.Listen([]string{broadcast.SiteTag(b.Site), broadcast.Tag(b.ID)})
	}
	return err
}

func (m *Memory) raise(id broadcast.ID, from, to time.Duration) (broadcast.Broadcast, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := int(id) - 1
	switch {
	case m.err != nil:
		return broadcast.Broadcast{}, m.err
	case i < 0 || i >= len(m.all) || m.all[i].State != broadcast.OnAir || m.all[i].Delay != from:
		return broadcast.Broadcast{}, errs.Conflict
	}
	m.all[i].Delay = to
	return m.all[i], nil
}
