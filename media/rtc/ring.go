package rtc

import "time"

const (
	ringStart = 512  // packets; grows by doubling
	ringLimit = 8192 // about 10 MB of payload
	ringSpan  = time.Second
)

// pkt is one RTP packet without what differs between viewers. Its payload is shared and immutable.
type pkt struct {
	payload []byte
	at      time.Duration // decoding time of its unit
	pic     uint32        // number of its unit within the track
	ts      uint32
	marker  bool
}

// ring keeps the newest packets of one track: everything from the newest key frame on and at least
// one second, within 8192 packets. Full: the oldest go; where that takes away the key frame, new
// viewers wait for the next one. Positions count packets and never wrap.
type ring struct {
	buf         []pkt // a power of two
	first, next uint64
	key         uint64 // first packet of the newest key unit; valid if hasKey
	hasKey      bool
}

func (r *ring) at(pos uint64) *pkt { return &r.buf[pos&uint64(len(r.buf)-1)] }

func (r *ring) has(pos uint64) bool { return pos >= r.first && pos < r.next }

// newest is the packet added last; there must be one.
func (r *ring) newest() *pkt { return r.at(r.next - 1) }

// add appends p; key says that it is the first packet of a unit to begin with.
func (r *ring) add(p pkt, key bool) {
	for r.first < r.next && r.hasKey && r.first < r.key && p.at-r.at(r.first).at > ringSpan {
		r.drop()
	}
	if int(r.next-r.first) == len(r.buf) { //nolint:gosec // bounded by ringLimit
		if len(r.buf) == ringLimit {
			r.drop()
		} else {
			r.grow()
		}
	}
	if key {
		r.key, r.hasKey = r.next, true
	}
	r.next++
	*r.newest() = p
}

func (r *ring) drop() {
	r.at(r.first).payload = nil
	r.first++
	if r.hasKey && r.key < r.first {
		r.hasKey = false
	}
}

func (r *ring) grow() {
	old := *r
	r.buf = make([]pkt, max(ringStart, 2*len(old.buf)))
	for i := old.first; i < old.next; i++ {
		*r.at(i) = *old.at(i)
	}
}
