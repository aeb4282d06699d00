package rtc

import (
	"encoding/binary"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"
)

// pair is both ends of a connection; ours takes what its socket takes.
func pair(t testing.TB) (ours *framed, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() //nolint:errcheck // a test
	theirs, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { theirs.Close(); c.Close() }) //nolint:errcheck // a test's end
	p := &tcpPort{t: New(Config{}), stall: time.Hour, boxes: sync.Pool{New: func() any { return new(outbox) }}}
	ours, err = newFramed(p, &tcpConn{Conn: c, l: newListener(nil, slog.New(slog.DiscardHandler))})
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

func TestWhatASocketDoesNotTakeIsDroppedWhole(t *testing.T) {
	ours, theirs := pair(t)
	var next uint32
	b := make([]byte, 60*1000)
	for range 1000 {
		for i := 0; i < len(b); i += 1000 {
			binary.BigEndian.PutUint32(b[i:], next)
			next++
		}
		ours.Send(b, 1000)
	}
	if !ours.Full() {
		t.Fatal("it is not full")
	}
	ours.say([]byte("a check fits still"))
	ours.mu.Lock()
	dropped := ours.dropped
	ours.mu.Unlock()
	// What arrives is whole and in order.
	if err := theirs.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	in := &unframer{r: theirs}
	var before, got uint32
	for {
		x, err := in.next()
		if err != nil {
			t.Fatal(err)
		}
		if string(x) == "a check fits still" {
			break
		}
		id := binary.BigEndian.Uint32(x)
		if len(x) != 1000 || got > 0 && id <= before {
			t.Fatalf("%d bytes, number %d after %d", len(x), id, before)
		}
		before = id
		got++
	}
	ours.p.wg.Wait() // nothing waits any more
	if uint64(next-got) != dropped || dropped == 0 || ours.Full() || ours.out != nil {
		t.Errorf("%d of %d arrived, %d were dropped; it is still full: %v", got, next, dropped, ours.Full())
	}
}

func TestSendingOverTCPDoesNotAllocate(t *testing.T) {
	ours, theirs := pair(t)
	done := make(chan struct{})
	// Ends with the connection.
	go func() {
		defer close(done)
		io.Copy(io.Discard, theirs) //nolint:errcheck // a sink
	}()
	b := make([]byte, 20*1000)
	n := testing.AllocsPerRun(1000, func() { ours.Send(b, 1000) })
	ours.tcpConn.Conn.Close() //nolint:errcheck // a test
	<-done
	if n >= 1 {
		t.Errorf("got %v allocations for each burst, want 0", n)
	}
	for end := time.Now().Add(patience); ; {
		ours.Send(b, 1000)
		ours.mu.Lock()
		failure := ours.failure
		ours.mu.Unlock()
		if failure != nil {
			break
		}
		if time.Now().After(end) {
			t.Fatal("sending over a closed connection does not fail")
		}
	}
	ours.p.wg.Wait()
	if !ours.Full() || ours.out != nil {
		t.Error("a connection that failed takes something")
	}
}
