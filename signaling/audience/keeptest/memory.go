package keeptest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
)

// Memory keeps the audience until it is gone.
type Memory struct {
	Listen func(tags []string) // told of every change of a line, when it is kept; nil: nobody is

	mu        sync.Mutex // guards the rest
	last      int64
	terminals []audience.Terminal
	people    []audience.Attendee
	showings  []audience.Showing
	shown     []time.Duration // of showings
	lines     []audience.Line
	log       []site.Entry
}

// Log returns the lines of the audit log.
func (m *Memory) Log() []site.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.log)
}

func (m *Memory) next() int64 {
	m.last++
	return m.last
}

func find[T any](list []T, is func(*T) bool) *T {
	for i := range list {
		if is(&list[i]) {
			return &list[i]
		}
	}
	return nil
}

func (m *Memory) terminal(is func(*audience.Terminal) bool) (audience.Terminal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t := find(m.terminals, is); t != nil {
		return *t, nil
	}
	return audience.Terminal{}, errs.NotFound
}

// Terminal implements audience.TerminalKeeper.
func (m *Memory) Terminal(_ context.Context, id audience.TerminalID) (audience.Terminal, error) {
	return m.terminal(func(t *audience.Terminal) bool { return t.ID == id })
}

// TerminalByCode implements audience.TerminalKeeper.
func (m *Memory) TerminalByCode(_ context.Context, code audience.Hash) (audience.Terminal, error) {
	return m.terminal(func(t *audience.Terminal) bool { return code != audience.Hash{} && t.Code == code })
}

// TerminalByToken implements audience.TerminalKeeper.
func (m *Memory) TerminalByToken(_ context.Context, token audience.Hash) (audience.Terminal, error) {
	return m.terminal(func(t *audience.Terminal) bool { return token != audience.Hash{} && t.Token == token })
}

// Terminals implements audience.TerminalKeeper.
func (m *Memory) Terminals(_ context.Context, at site.ID) (out []audience.Terminal, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.terminals {
		if t.Site == at {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b audience.Terminal) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// AddTerminal implements audience.TerminalKeeper.
func (m *Memory) AddTerminal(ctx context.Context, t audience.Terminal, most int, entries ...site.Entry) (audience.Terminal, error) {
	list, err := m.Terminals(ctx, t.Site)
	if err != nil {
		return t, err
	}
	if len(list) >= most {
		return t, errs.Full
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t.ID = audience.TerminalID(m.next())
	m.terminals, m.log = append(m.terminals, t), append(m.log, entries...)
	return t, nil
}

func (m *Memory) change(id audience.TerminalID, fn func(t *audience.Terminal) error, entries ...site.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := find(m.terminals, func(t *audience.Terminal) bool { return t.ID == id })
	if t == nil {
		return errs.NotFound
	}
	m.log = append(m.log, entries...)
	return fn(t)
}

// SaveTerminal implements audience.TerminalKeeper.
func (m *Memory) SaveTerminal(_ context.Context, x audience.Terminal, entries ...site.Entry) error {
	return m.change(x.ID, func(t *audience.Terminal) error {
		t.Name, t.Code, t.Expires = x.Name, x.Code, x.Expires
		return nil
	}, entries...)
}

// SignTerminal implements audience.TerminalKeeper.
func (m *Memory) SignTerminal(_ context.Context, x audience.Terminal, code audience.Hash) error {
	err := m.change(x.ID, func(t *audience.Terminal) error {
		if t.Code != code {
			return errs.Conflict
		}
		t.Code, t.Expires, t.Token, t.Signed, t.Seen = audience.Hash{}, time.Time{}, x.Token, x.Signed, x.Seen
		return nil
	})
	return err
}

// SeenTerminal implements audience.TerminalKeeper.
func (m *Memory) SeenTerminal(_ context.Context, id audience.TerminalID, at time.Time) error {
	return m.change(id, func(t *audience.Terminal) error {
		t.Seen = at
		return nil
	})
}

// RemoveTerminal implements audience.TerminalKeeper.
func (m *Memory) RemoveTerminal(_ context.Context, id audience.TerminalID, entries ...site.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.terminals)
	m.terminals = slices.DeleteFunc(m.terminals, func(t audience.Terminal) bool { return t.ID == id })
	if len(m.terminals) == n {
		return errs.NotFound
	}
	m.log = append(m.log, entries...)
	return nil
}

// Attend implements audience.PeopleKeeper.
func (m *Memory) Attend(_ context.Context, x audience.Attendee, most int) (audience.Attendee, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for i := range m.people {
		p := &m.people[i]
		if p.Broadcast != x.Broadcast || p.Terminal != x.Terminal {
			continue
		}
		if p.Device == x.Device {
			p.Name, p.Phone, p.Account = x.Name, x.Phone, x.Account
			return *p, nil
		}
		n++
	}
	if n >= most {
		return x, errs.Full
	}
	x.ID = m.next()
	m.people = append(m.people, x)
	return x, nil
}

// OnScreen implements audience.PeopleKeeper.
func (m *Memory) OnScreen(_ context.Context, t audience.Terminal, id broadcast.ID, at time.Time, most time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.showings, func(s audience.Showing) bool { return s.Broadcast == id && s.Terminal == t.ID })
	if i < 0 {
		m.showings = append(m.showings, audience.Showing{Broadcast: id, Terminal: t.ID, Site: t.Site, Name: t.Name, First: at, Last: at})
		m.shown = append(m.shown, 0)
		return nil
	}
	s := &m.showings[i]
	passed := at.Sub(s.Last)
	if passed <= 0 {
		return nil
	}
	if passed <= most {
		m.shown[i] += passed
	}
	s.Name, s.Last, s.Seconds = t.Name, at, int(m.shown[i].Seconds())
	return nil
}

// Attendance implements audience.PeopleKeeper.
func (m *Memory) Attendance(_ context.Context, id broadcast.ID) (shown []audience.Showing, people []audience.Attendee, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.showings {
		if s.Broadcast == id {
			for i := range m.people {
				if m.people[i].Broadcast == id && m.people[i].Terminal == s.Terminal {
					s.People++
				}
			}
			shown = append(shown, s)
		}
	}
	for _, p := range m.people {
		if p.Broadcast == id {
			people = append(people, p)
		}
	}
	slices.SortFunc(people, func(a, b audience.Attendee) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return shown, people, nil
}

// Attendees implements audience.PeopleKeeper.
func (m *Memory) Attendees(_ context.Context, t audience.TerminalID, id broadcast.ID) (n int, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.people {
		if m.people[i].Terminal == t && m.people[i].Broadcast == id {
			n++
		}
	}
	return n, nil
}

// ForgetAttendee implements audience.PeopleKeeper.
func (m *Memory) ForgetAttendee(_ context.Context, id int64, entries ...site.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.people)
	m.people = slices.DeleteFunc(m.people, func(a audience.Attendee) bool { return a.ID == id })
	if len(m.people) == n {
		return errs.NotFound
	}
	m.log = append(m.log, entries...)
	return nil
}

// ForgetAttendees implements audience.PeopleKeeper.
func (m *Memory) ForgetAttendees(_ context.Context, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.people = slices.DeleteFunc(m.people, func(a audience.Attendee) bool { return a.At.Before(before) })
	return nil
}

func (m *Memory) tell(tags ...string) {
	if m.Listen != nil {
		m.Listen(tags)
	}
}

func (m *Memory) nextLine(id broadcast.ID) (n uint64) {
	for i := range m.lines {
		if m.lines[i].Broadcast == id {
			n = max(n, m.lines[i].Seq)
		}
	}
	return n + 1
}

// AddLine implements audience.LineKeeper.
func (m *Memory) AddLine(_ context.Context, x audience.Line, waiting int) (audience.Line, error) {
	m.mu.Lock()
	n := 0
	for i := range m.lines {
		if m.lines[i].Broadcast == x.Broadcast && m.lines[i].State == audience.Waiting {
			n++
		}
	}
	if x.State == audience.Waiting && n >= waiting {
		m.mu.Unlock()
		return x, errs.Full
	}
	x.ID, x.Seq = m.next(), m.nextLine(x.Broadcast)
	m.lines = append(m.lines, x)
	m.mu.Unlock()
	if x.State == audience.Visible {
		m.tell(audience.ChatTag(x.Broadcast))
	}
	m.tell(audience.DeskTag(x.Broadcast))
	return x, nil
}

// JudgeLine implements audience.LineKeeper.
func (m *Memory) JudgeLine(_ context.Context, id broadcast.ID, line int64, state audience.LineState, entries ...site.Entry) error {
	m.mu.Lock()
	l := find(m.lines, func(l *audience.Line) bool { return l.ID == line && l.Broadcast == id })
	if l == nil || l.State == state || l.State == audience.Removed {
		defer m.mu.Unlock()
		if l == nil {
			return errs.NotFound
		}
		return errs.Conflict
	}
	l.State, l.Seq = state, m.nextLine(id)
	m.log = append(m.log, entries...)
	m.mu.Unlock()
	m.tell(audience.DeskTag(id), audience.ChatTag(id))
	return nil
}

// Lines implements audience.LineKeeper.
func (m *Memory) Lines(_ context.Context, id broadcast.ID, since uint64, states []audience.LineState, most int) (out []audience.Line, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.lines {
		if l.Broadcast == id && l.Seq > since && slices.Contains(states, l.State) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b audience.Line) int { return cmp.Compare(a.Seq, b.Seq) })
	return out[max(0, len(out)-most):], nil
}

var _ audience.Keeper = (*Memory)(nil)
