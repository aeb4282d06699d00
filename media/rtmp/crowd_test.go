package rtmp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"xianfeng/media"
)

// Silent connections of one address are bounded; who publishes or plays does not count among them.
func TestOneAddressCantLockEverybodyOut(t *testing.T) {
	h := newHouse(t, openGate, Config{MaxWaiting: 2})
	dial := func() net.Conn {
		t.Helper()
		nc, err := net.Dial("tcp", h.srv.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { nc.Close() })         //nolint:errcheck // nothing to do about it
		nc.SetDeadline(time.Now().Add(patience)) //nolint:errcheck // then the test fails
		return nc
	}
	p := h.cast(t, "cam", media.Track{Codec: media.H264})
	write(t, p, 0, 0, au264(0)...)
	for i := range 3 {
		mustConnect(t, h.url("cam", ""), false)
		eventually(t, "the player is counted", func() bool { return p.Stream().Info(false).Viewers == i+1 })
		mustConnect(t, h.url("pub"+string(rune('a'+i)), ""), true)
	}
	first := dial()
	dial()
	for range 3 {
		if n, err := dial().Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Fatalf("got %d, %v; want the server to close", n, err)
		}
	}
	log := h.logs.String()
	if n := strings.Count(log, `level=WARN msg="connection refused"`); n != 1 || !strings.Contains(log, "neither publish nor play: 2") {
		t.Errorf("got %d warnings in %q, want one that says why", n, log)
	}
	if n := strings.Count(log, `level=DEBUG msg="connection refused"`); n != 2 {
		t.Errorf("got %d further lines, want 2", n)
	}
	first.Close() //nolint:errcheck // nothing to do about it
	eventually(t, "there is room again", func() bool {
		h.srv.mu.Lock()
		defer h.srv.mu.Unlock()
		return h.srv.waiting.by[origin(h.srv.Addr())].n == 1
	})
	mustConnect(t, h.url("cam", ""), false)
}

func TestWhatCountsAsOneAddress(t *testing.T) {
	at := func(s string) net.Addr {
		a, err := net.ResolveTCPAddr("tcp", s)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	for _, x := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1:1", "192.0.2.1:2", true},
		{"192.0.2.1:1", "192.0.2.2:1", false},
		{"192.0.2.1:1", "[::ffff:192.0.2.1]:9", true},
		{"[2001:db8::1]:1", "[2001:db8::ffff:1]:1", true},
		{"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
	} {
		if got := origin(at(x.a)) == origin(at(x.b)); got != x.same {
			t.Errorf("%s and %s: got %v, want %v", x.a, x.b, got, x.same)
		}
	}
	w := crowd{most: 1, by: map[netip.Prefix]*queue{}}
	from := origin(at("192.0.2.1:1"))
	if _, err := w.enter(from); err != nil {
		t.Fatal(err)
	}
	if _, err := w.enter(from); !errors.Is(err, media.ErrLimit) {
		t.Errorf("got %v, want %v", err, media.ErrLimit)
	}
	w.leave(from)
	if len(w.by) != 0 {
		t.Errorf("%d addresses remembered, want none", len(w.by))
	}
}
