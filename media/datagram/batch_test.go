package datagram

import (
	"net/netip"
	"slices"
	"testing"
)

func TestBatchMakesRunsThatTheKernelCanCut(t *testing.T) {
	b := NewDiscard()
	x, y := &Peer{}, &Peer{raw: sockaddr{}}
	for _, d := range []struct {
		to *Peer
		n  int
	}{{x, 1000}, {x, 1000}, {x, 400}, {x, 400}, {x, 500}, {y, 500}} {
		b.Room(1200)
		b.Commit(d.to, d.n)
	}
	want := []struct{ seg, count, len int }{{1000, 3, 2400}, {400, 1, 400}, {500, 1, 500}, {500, 1, 500}}
	if len(b.msgs) != len(want) {
		t.Fatalf("got %d messages, want %d", len(b.msgs), len(want))
	}
	for i, m := range b.msgs {
		if m.seg != want[i].seg || m.count != want[i].count || len(m.data) != want[i].len {
			t.Errorf("message %d: got %d×%d, %d bytes; want %+v", i, m.count, m.seg, len(m.data), want[i])
		}
	}
	b.Flush()
	for range 200 {
		b.Room(1200)
		b.Commit(x, 1200)
	}
	for i, m := range b.msgs {
		if m.count > maxSegments || len(m.data) > maxMessage {
			t.Errorf("message %d: %d segments, %d bytes", i, m.count, len(m.data))
		}
	}
}

func TestAFreedBatchGoesOn(t *testing.T) {
	p := &pieces{}
	to := PeerVia(netip.AddrPort{}, p)
	b := NewDiscard()
	for range 2 {
		copy(b.Room(5), "hello")
		b.Commit(to, 5)
		b.Free()
		if b.buf != nil {
			t.Error("it keeps its memory")
		}
	}
	if !slices.Equal(p.got, []string{"hello", "hello"}) {
		t.Errorf("got %q", p.got)
	}
}

// pieces notes what was sent through it.
type pieces struct{ got []string }

func (p *pieces) Send(b []byte, seg int) {
	for len(b) > 0 {
		n := min(seg, len(b))
		p.got = append(p.got, string(b[:n]))
		b = b[n:]
	}
}

func (p *pieces) Full() bool { return false }

func TestWhatDoesNotGoThroughTheSocketGoesItsWay(t *testing.T) {
	for _, m := range []Mode{Plain, Multiple, Segments} {
		t.Run(string(m), func(t *testing.T) {
			s, err := Listen("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s.Limit(m)
			got := make(chan string, 64)
			done := make(chan struct{})
			go func() { // ends with the socket
				defer close(done)
				s.Receive(func(b []byte, from netip.AddrPort) {
					if from == s.Local() {
						got <- string(b)
					}
				})
			}()
			p := &pieces{}
			here, there := s.Peer(s.Local()), PeerVia(s.Local(), p)
			b := s.NewBatch()
			put := func(to *Peer, text string) { b.Commit(to, copy(b.Room(len(text)), text)) }
			for range 2 {
				put(here, "one")
				put(there, "over")
				put(there, "fort")
				put(here, "two")
				put(here, "tre")
				put(here, "4")
				b.Flush()
			}
			for i, want := range []string{"one", "two", "tre", "4", "one", "two", "tre", "4"} {
				if g := <-got; g != want {
					t.Errorf("datagram %d: got %q, want %q", i, g, want)
				}
			}
			if want := []string{"over", "fort", "over", "fort"}; !slices.Equal(p.got, want) {
				t.Errorf("got %q the other way, want %q", p.got, want)
			}
			if s.Refused() != 0 {
				t.Errorf("%d datagrams refused", s.Refused())
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			<-done
		})
	}
}

func TestLongDatagramsAreDroppedWhole(t *testing.T) {
	for _, m := range []Mode{Plain, Multiple} {
		t.Run(string(m), func(t *testing.T) {
			s, err := Listen("127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s.Limit(m)
			got := make(chan int, 4)
			done := make(chan struct{})
			go func() { // ends with the socket
				defer close(done)
				s.Receive(func(b []byte, _ netip.AddrPort) { got <- len(b) })
			}()
			for _, n := range []int{MaxReceive + 1, 4 * MaxReceive, MaxReceive} {
				if _, err := s.Write(make([]byte, n), s.Local()); err != nil {
					t.Fatal(err)
				}
			}
			if n := <-got; n != MaxReceive {
				t.Errorf("got %d bytes of a longer datagram", n)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			<-done
		})
	}
}
