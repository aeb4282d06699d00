package rtc

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// poorListener fails its first calls of Accept for want of descriptors.
type poorListener struct {
	net.Listener
	failures atomic.Int32
}

func (l *poorListener) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func localListener(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dialTCP(t *testing.T, a net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() }) //nolint:errcheck // a test's end
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// closedByServer waits until the server has closed c.
func closedByServer(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := c.Read(make([]byte, 16)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want that the connection is closed", err)
	}
}

func TestTCPOutlivesFailuresOfAccept(t *testing.T) {
	l := &poorListener{Listener: localListener(t)}
	l.failures.Store(3)
	m := newTCPPort(New(Config{}), l, slog.New(slog.DiscardHandler))
	defer m.close()
	c := dialTCP(t, l.Addr())
	if _, err := c.Write([]byte("\x00\x02ab")); err != nil { // RFC 4571 §2; no STUN
		t.Fatal(err)
	}
	closedByServer(t, c)
	if left := l.failures.Load(); left >= 0 {
		t.Errorf("%d failures are left", left)
	}
}

func TestCloseDoesNotWaitForSilentConnections(t *testing.T) {
	tr := newWorld(t, Config{}).rtc
	quiet, half := dialTCP(t, tr.tcp.l.Addr()), dialTCP(t, tr.tcp.l.Addr())
	if _, err := half.Write([]byte{0, 100, 1}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.After(patience); ; { // the mux has them
		tr.tcp.l.mu.Lock()
		n := len(tr.tcp.l.conns)
		tr.tcp.l.mu.Unlock()
		if n == 2 {
			break
		}
		select {
		case <-time.After(time.Millisecond):
		case <-deadline:
			t.Fatalf("%d connections came", n)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		tr.Close()
	}()
	select {
	case <-done:
	case <-time.After(silentTime / 2): // the mux would wait silentTime
		t.Error("Close waits")
		<-done
	}
	closedByServer(t, quiet)
	closedByServer(t, half)
}

func TestStrangersOverTCPAreBounded(t *testing.T) {
	l := newListener(localListener(t), slog.New(slog.DiscardHandler))
	came := make(chan net.Conn)
	done := make(chan struct{})
	// Ends when l is closed.
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			came <- c
		}
	}()
	defer func() { l.Close(); <-done }() //nolint:errcheck // a test's end
	var ours, theirs []net.Conn
	for range maxUnprovenOf {
		theirs = append(theirs, dialTCP(t, l.Addr()))
		ours = append(ours, <-came)
	}
	closedByServer(t, dialTCP(t, l.Addr()))
	if _, err := ours[0].Write([]byte("hello")); err != nil { // what the agent writes only to friends
		t.Fatal(err)
	}
	if _, err := io.ReadFull(theirs[0], make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	theirs = append(theirs, dialTCP(t, l.Addr()))
	ours = append(ours, <-came)
	closedByServer(t, dialTCP(t, l.Addr()))
	for range 2 { // the second time without effect
		ours[1].Close() //nolint:errcheck // as said
	}
	theirs = append(theirs, dialTCP(t, l.Addr()))
	ours = append(ours, <-came)
	for _, c := range ours {
		c.Close() //nolint:errcheck // a test
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.conns) != 0 || l.unproven != 0 || len(l.unprovenOf) != 0 {
		t.Errorf("%d connections, %d strangers from %d sources are left of %d", len(l.conns), l.unproven, len(l.unprovenOf), len(theirs))
	}
}

// farConn is a connection from elsewhere.
type farConn struct {
	net.Conn
	from netip.AddrPort
}

func (c farConn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.from) }
func (c farConn) Close() error         { return nil }

func (c farConn) SetReadDeadline(time.Time) error { return nil }

func TestStrangersOverTCPAreBoundedInAll(t *testing.T) {
	l := newListener(localListener(t), slog.New(slog.DiscardHandler))
	defer l.Close() //nolint:errcheck // a test's end
	next := netip.MustParseAddr("192.0.2.1")
	for i := range maxUnproven {
		if l.admit(farConn{from: netip.AddrPortFrom(next, 1)}) == nil {
			t.Fatalf("connection %d was refused", i)
		}
		next = next.Next()
	}
	if l.admit(farConn{from: netip.AddrPortFrom(next, 1)}) != nil {
		t.Error("there is no end to them")
	}
}

func TestAStrangerKeepsItsDeadline(t *testing.T) {
	l := newListener(localListener(t), slog.New(slog.DiscardHandler))
	defer l.Close() //nolint:errcheck // a test's end
	theirs := dialTCP(t, l.Addr())
	ours, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ours.SetReadDeadline(time.Now().Add(time.Millisecond)), ours.SetReadDeadline(time.Time{})); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("a stranger: got %v, want EOF", err)
	}
	if _, err := ours.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := ours.Read(make([]byte, 1)); err != nil {
		t.Errorf("a friend: got %v", err)
	}
}

func TestSource(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1":          "192.0.2.7/32",
		"[::ffff:192.0.2.7]:1": "192.0.2.7/32",
		"[2001:db8::1:2:3]:1":  "2001:db8::/64",
		"[fe80::1%eth0]:1":     "fe80::/64",
		"":                     "invalid Prefix",
		"somewhere:1":          "invalid Prefix",
	} {
		if got := sourceOf(remote).String(); got != want {
			t.Errorf("%s: got %s, want %s", remote, got, want)
		}
	}
}
