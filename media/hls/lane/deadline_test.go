package lane

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// counted makes a deadline for reading, and counts how often the socket is told of it.
func counted() (d *deadline, n *int) {
	n = new(int)
	return &deadline{tell: func(c *net.TCPConn, t time.Time) error {
		*n++
		return c.SetReadDeadline(t)
	}}, n
}

func pipe(t *testing.T) (ours, theirs *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // nobody else comes
	there, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = here.(*net.TCPConn), there.(*net.TCPConn)
	t.Cleanup(func() { ours.Close(); theirs.Close() }) //nolint:errcheck // the test is over
	return ours, theirs
}

func TestLaterDeadlinesAreNotTold(t *testing.T) {
	ours, theirs := pipe(t)
	d, n := counted()
	read := func() error {
		return d.use(ours, func() error {
			_, err := ours.Read(make([]byte, 1))
			return err
		})
	}
	for i := range 5 {
		d.set(time.Now().Add(time.Hour + time.Duration(i)*time.Minute))
		theirs.Write([]byte("x"))
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	if *n != 1 {
		t.Errorf("the socket was told %d times, want once", *n)
	}
	d.set(time.Now().Add(time.Minute))
	theirs.Write([]byte("x"))
	if err := read(); err != nil || *n != 2 {
		t.Errorf("an earlier one: got %v, told %d times, want twice", err, *n)
	}
}

func TestTooEarlyIsNotTheEnd(t *testing.T) {
	for name, end := range map[string]func() time.Time{
		"never": func() time.Time { return time.Time{} },
		"later": func() time.Time { return time.Now().Add(time.Hour) },
	} {
		ours, theirs := pipe(t)
		d, n := counted()
		tries := 0
		read := func() error {
			return d.use(ours, func() error {
				tries++
				if tries == 2 { // it was too early, and is told again
					theirs.Write([]byte("x"))
				}
				_, err := ours.Read(make([]byte, 1))
				return err
			})
		}
		ours.SetReadDeadline(time.Unix(1, 0))
		d.told = time.Unix(1, 0)
		d.set(end())
		if err := read(); err != nil || tries != 2 || *n != 1 {
			t.Errorf("%s: got %v after %d tries, told %d times", name, err, tries, *n)
		}
	}
}

// As net/http ends its read in the background.
func TestADeadlineReachesWhoWaits(t *testing.T) {
	ours, _ := pipe(t)
	d := deadline{tell: (*net.TCPConn).SetReadDeadline}
	d.set(time.Now().Add(time.Hour))
	waits := make(chan struct{})
	done := make(chan error)
	go func() {
		done <- d.use(ours, func() error {
			close(waits)
			_, err := ours.Read(make([]byte, 1))
			return err
		})
	}()
	<-waits
	d.set(time.Unix(1, 0))
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want %v", err, os.ErrDeadlineExceeded)
	}
	if err := d.use(ours, func() error { t.Error("used after the end"); return nil }); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("afterwards: got %v, want %v", err, os.ErrDeadlineExceeded)
	}
}

func TestAWriteGoesOnWhereItWas(t *testing.T) {
	ours, theirs := pipe(t)
	c := &conn{tcp: ours}
	again := make(chan struct{})
	c.writing.tell = func(tcp *net.TCPConn, end time.Time) error {
		close(again) // once: the second time would panic
		return tcp.SetWriteDeadline(end)
	}
	c.writing.set(time.Now().Add(time.Hour))
	c.writing.told = time.Now().Add(50 * time.Millisecond)
	ours.SetWriteDeadline(c.writing.told)
	sent := make([]byte, 32<<20) // more than the buffers take, so that the early deadline finds it half written
	for i := range sent {
		sent[i] = byte(i >> 10)
	}
	done := make(chan error)
	go func() {
		n, err := c.Write(sent)
		if err == nil && n != len(sent) {
			err = errors.New("short")
		}
		done <- err
	}()
	<-again // half of it is in the buffers, and nobody has read yet
	got := make([]byte, 0, len(sent))
	buf := make([]byte, 1<<20)
	for len(got) < len(sent) {
		n, err := theirs.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if err := <-done; err != nil || string(got) != string(sent) {
		t.Errorf("got %v, the same bytes: %v", err, string(got) == string(sent))
	}
}
