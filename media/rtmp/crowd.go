package rtmp

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"xianfeng/media"
)

// crowd counts the connections that neither publish nor play yet by address, so that a single one
// can't lock everybody out with connections that say nothing.
type crowd struct {
	most int
	by   map[netip.Prefix]*queue
}

// queue is what waits from one address.
type queue struct {
	n    int
	told bool // a refusal has been logged as a warning; until the queue is empty, one is enough
}

// origin returns what counts as one address: whoever has an IPv6 address has the /64 around it too.
func origin(a net.Addr) netip.Prefix {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.Prefix{} // not from the network
	}
	ip := ap.Addr().Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(ip, bits).Masked()
}

// enter counts one more from there, or says why not and how loudly that is to be logged.
func (w *crowd) enter(from netip.Prefix) (slog.Level, error) {
	q := w.by[from]
	if q == nil {
		q = &queue{}
		w.by[from] = q
	}
	if q.n < w.most {
		q.n++
		return 0, nil
	}
	level := slog.LevelDebug
	if !q.told {
		q.told, level = true, slog.LevelWarn
	}
	return level, fmt.Errorf("%w connections from %s that neither publish nor play: %d", media.ErrLimit, from.Addr(), q.n)
}

// leave counts one less.
func (w *crowd) leave(from netip.Prefix) {
	q := w.by[from]
	if q.n--; q.n == 0 {
		delete(w.by, from)
	}
}
