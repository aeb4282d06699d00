package mpegts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/pion/rtp"

	"xianfeng/media"
)

const (
	udpSilence = 10 * time.Second
	// udpBuffer is what the kernel may keep for us: a second of 32 Mbit/s. It may give less.
	udpBuffer = 4 << 20
)

// UDP is a transport stream that somebody sends to an address of ours or to a multicast group, bare or
// in RTP. It is a media.Source.
type UDP struct {
	addr    netip.AddrPort
	from    netip.Addr // the only sender listened to; invalid: any
	iface   string     // name of the interface to join the group on; empty: the system's choice
	log     *slog.Logger
	silence time.Duration

	bound func(net.Addr) // for tests: called with the socket's address
}

// NewUDP returns the source at an address udp://HOST:PORT, where HOST is an address of this machine, of
// all its interfaces (0.0.0.0, or nothing), or of a multicast group. In the query, localaddr (an address)
// or interface (a name) says where to join the group, and source (an address) whom alone to listen to.
func NewUDP(address string, log *slog.Logger) (*UDP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("UDP source: %w", err)
	}
	s, err := parseUDP(u)
	if err != nil {
		return nil, fmt.Errorf("UDP source %q: %w", u.Redacted(), err)
	}
	s.log, s.silence = log, udpSilence
	return s, nil
}

func parseUDP(u *url.URL) (*UDP, error) {
	if u.Scheme != "udp" {
		return nil, errors.New("the address must begin with udp://")
	}
	host := u.Hostname()
	if host == "" {
		host = "0.0.0.0"
	}
	addr, err := netip.ParseAddrPort(net.JoinHostPort(host, u.Port()))
	if err != nil {
		return nil, fmt.Errorf("not an IP address and a port: %w", err)
	}
	s := &UDP{addr: addr}
	q := u.Query()
	if v := q.Get("source"); v != "" {
		if s.from, err = netip.ParseAddr(v); err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
	}
	s.iface = q.Get("interface")
	if v := q.Get("localaddr"); v != "" && s.iface == "" {
		local, err := netip.ParseAddr(v)
		if err != nil {
			return nil, fmt.Errorf("localaddr: %w", err)
		}
		if s.iface, err = interfaceOf(local); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// interfaceOf returns the name of the interface with that address.
func interfaceOf(local netip.Addr) (string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return "", fmt.Errorf("localaddr: %w", err)
	}
	for i := range all {
		addrs, err := all[i].Addrs()
		if err != nil {
			continue // it went away meanwhile
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && n.IP.Equal(local.AsSlice()) {
				return all[i].Name, nil
			}
		}
	}
	return "", fmt.Errorf("localaddr: no interface has %s", local)
}

// Run implements media.Source. It fails after 10 s without a picture or a sound.
func (s *UDP) Run(ctx context.Context, publish func([]media.Track) (*media.Publisher, error)) error {
	conn, err := s.listen(ctx)
	if err != nil {
		return fmt.Errorf("listen to %s: %w", s.addr, err)
	}
	defer conn.Close() //nolint:errcheck // nothing is lost with a socket that only reads
	// A Read that blocks ends with ctx.
	stop := context.AfterFunc(ctx, func() { conn.Close() }) //nolint:errcheck // as above
	defer stop()
	if s.bound != nil {
		s.bound(conn.LocalAddr())
	}
	r := &udpReader{conn: conn, from: s.from, silence: s.silence, alive: time.Now()}
	in, err := NewReader(r)
	if err == nil {
		r.alive = time.Now()
		err = pump(ctx, s.log, in, publish, func() { r.alive = time.Now() })
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("listen to %s: %w", s.addr, err)
}

// udpReader returns the transport packets of one datagram with each Read.
type udpReader struct {
	conn    *net.UDPConn
	from    netip.Addr
	silence time.Duration
	alive   time.Time // when there was a picture or a sound, or else when it began
}

func (r *udpReader) Read(p []byte) (int, error) {
	for {
		if err := r.conn.SetReadDeadline(r.alive.Add(r.silence)); err != nil {
			return 0, err
		}
		n, from, err := r.conn.ReadFromUDPAddrPort(p)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, fmt.Errorf("no picture and no sound for %s", r.silence)
		}
		if err != nil {
			return 0, err
		}
		if r.from.IsValid() && from.Addr().Unmap() != r.from.Unmap() {
			continue
		}
		if n = stripRTP(p[:n]); n > 0 {
			return n, nil
		}
	}
}

// stripRTP moves the payload of an RTP packet (RFC 2250 §2) to the front of p and returns its length.
// What is bare begins with a sync byte, which is not RTP's version 2.
func stripRTP(p []byte) int {
	if len(p) == 0 || p[0]>>6 != 2 {
		return len(p)
	}
	var h rtp.Header
	n, err := h.Unmarshal(p)
	if err != nil || n >= len(p) || p[n] != syncByte {
		return len(p)
	}
	return copy(p, p[n:])
}
