package rtc

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/pion/stun/v4"
)

func TestBadFramesEndOnlyTheirConnection(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	b := w.keyed()
	good := b.dial()
	good.ask(nominate)
	for name, bytes := range map[string][]byte{
		"too long":   {0xff, 0xff, 1, 2, 3},
		"no STUN":    inFrames([]byte("GET / HTTP/1.1")),
		"short STUN": inFrames([]byte{0, 1, 0, 0}),
	} {
		c := b.dial()
		if _, err := c.Write(bytes); err != nil {
			t.Fatal(err)
		}
		t.Run("a stranger's: "+name, func(t *testing.T) { closedByServer(t, c.Conn) })
	}
	c := b.dial()
	c.send(b.check()[:30], nil, []byte{1})
	t.Run("a stranger's half check", func(t *testing.T) { closedByServer(t, c.Conn) })
	c = b.dial()
	c.send(nil, nil, b.check())
	c.ask()
	// Not one of these is worth an end.
	c.send(nil, []byte{0}, []byte{0, 1}, []byte("GET /"), []byte{22, 254, 253}, []byte{128, 201, 0, 1}, make([]byte, 2048), binding(t, "nobody:"+b.v.remoteUfrag, b.pwd))
	c.ask()
	if _, err := c.Write([]byte{0x08, 0x01}); err != nil { // 2049
		t.Fatal(err)
	}
	for {
		if _, err := c.in.next(); err != nil {
			break
		}
	}
	good.ask()
	if b.v.Err() != nil {
		t.Errorf("the viewer ended: %v", b.v.Err())
	}
}

func TestOnlyTheRightPasswordProvesAConnection(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	b, other := w.keyed(), w.keyed()
	c := b.dial()
	c.send(binding(t, b.user, "wrongwrongwrongwrongwrong"), binding(t, b.v.ufrag+":nobody", b.pwd))
	w.rtc.mu.Lock()
	n := len(b.v.conns)
	w.rtc.mu.Unlock()
	if n != 0 {
		t.Error("the connection was taken")
	}
	if got := c.ask(); got.Type != stun.BindingSuccess {
		t.Errorf("got %v", got)
	}
	// One that was overheard proves nothing.
	q := b.check(nominate)
	c.send(q)
	c.ask()
	again := b.dial()
	good := b.check()
	again.send(q, good)
	if x, err := again.in.next(); err != nil || !bytes.Equal(x[8:20], good[8:20]) {
		t.Errorf("%x, %v answers, want the answer to %x", x, err, good[8:20])
	}
	w.rtc.mu.Lock()
	if to := b.v.to.Load().AddrPort.String(); to != c.LocalAddr().String() {
		t.Errorf("media goes to %s, not to %s", to, c.LocalAddr())
	}
	w.rtc.mu.Unlock()
	// It is not to become another's.
	c.send(binding(t, other.user, other.pwd, nominate))
	c.ask()
	if other.v.to.Load() != nil {
		t.Error("a connection is two viewers'")
	}
	again.Close() //nolint:errcheck // a test
	w.until("no strangers", func() bool {
		w.rtc.tcp.l.mu.Lock()
		defer w.rtc.tcp.l.mu.Unlock()
		return w.rtc.tcp.l.unproven == 0
	})
}

func TestAFloodOfStrangersOverTCPDisturbsNobody(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	c := newClient(t, clientConfig{networks: overTCP})
	v := w.watch(c)
	b := w.keyed()
	w.play(50, 1000)
	c.until("media", func() bool { return len(c.ids()) >= 5 })
	guess := inFrames(binding(t, b.user, "wrongwrongwrongwrongwrong"))
	refused := 0
	for i := range 4 * maxUnprovenOf {
		x := b.dial()
		switch i % 3 { // silent, half a frame, many guesses
		case 1:
			x.Write(guess[:len(guess)/2]) //nolint:errcheck // it may be refused
		case 2:
			x.Write(bytes.Repeat(guess, 100)) //nolint:errcheck // the same
		}
		w.rtc.tcp.l.mu.Lock()
		if n := w.rtc.tcp.l.unproven; n > maxUnprovenOf {
			t.Errorf("%d strangers", n)
		} else if n == maxUnprovenOf {
			refused++
		}
		w.rtc.tcp.l.mu.Unlock()
	}
	c.mu.Lock()
	n := len(c.ids())
	c.mu.Unlock()
	c.until("media goes on", func() bool { return len(c.ids()) >= n+50 })
	if v.Err() != nil || b.v.to.Load() != nil || refused == 0 {
		t.Errorf("the viewer: %v; the other is sent to %v; refused: %d", v.Err(), b.v.to.Load(), refused)
	}
}

func TestConnectionsOfAViewerAreBounded(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	b := w.keyed()
	used := b.dial()
	used.ask(nominate)
	first := b.dial()
	first.ask()
	for range maxAddrs - 1 {
		b.dial().ask()
	}
	for {
		if _, err := first.in.next(); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			t.Fatal(err)
		}
	}
	used.ask()
	w.rtc.mu.Lock()
	defer w.rtc.mu.Unlock()
	if len(b.v.conns) != maxAddrs {
		t.Errorf("%d connections, want %d", len(b.v.conns), maxAddrs)
	}
}
