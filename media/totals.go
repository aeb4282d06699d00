package media

import "sync"

// Totals counts what went through a hub since it began, by protocol.
type Totals struct {
	Sent     map[string]uint64 // bytes, to readers
	Lost     map[string]uint64 // packets, to readers
	Sessions map[string]uint64 // readers that came
	Received map[string]uint64 // bytes, from publishers
	Dropped  uint64            // samples of publishers that could not be used
}

// totals keeps what those who left have brought to the count.
type totals struct {
	mu sync.Mutex // guards t
	t  Totals
}

func newTotals() *totals {
	return &totals{t: Totals{Sent: map[string]uint64{}, Lost: map[string]uint64{}, Sessions: map[string]uint64{}, Received: map[string]uint64{}}}
}

func (t *totals) came(protocol string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.t.Sessions[protocol]++
}

// session adds the counts of a session that left.
func (t *totals) session(x *Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.t.Sent[x.Protocol] += x.Sent.Load()
	t.t.Lost[x.Protocol] += x.Lost.Load()
}

// publisher adds the counts of a publisher that left.
func (t *totals) publisher(p *Publisher) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range p.state {
		t.t.Received[p.Protocol] += p.state[i].rate.total.Load()
	}
	t.t.Dropped += p.Dropped()
}

// Totals returns the counts, those who are still there included.
func (h *Hub) Totals() Totals {
	out := newTotals()
	for _, s := range h.Streams() {
		s.mu.Lock()
		for x := range s.sessions {
			out.session(x)
		}
		if s.pub != nil {
			out.publisher(s.pub)
		}
		s.mu.Unlock()
	}
	h.totals.mu.Lock()
	defer h.totals.mu.Unlock()
	for _, p := range [][2]map[string]uint64{
		{out.t.Sent, h.totals.t.Sent},
		{out.t.Lost, h.totals.t.Lost},
		{out.t.Sessions, h.totals.t.Sessions},
		{out.t.Received, h.totals.t.Received},
	} {
		for k, v := range p[1] {
			p[0][k] += v
		}
	}
	out.t.Dropped += h.totals.t.Dropped
	return out.t
}
