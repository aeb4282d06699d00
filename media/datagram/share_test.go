package datagram

import (
	"bytes"
	"net/netip"
	"testing"
	"time"
)

// receiver is a socket with what came to it.
type receiver struct {
	t *testing.T
	*Socket
	got chan []byte
}

func newReceiver(t *testing.T, address string, best Mode) *receiver {
	t.Helper()
	s, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	s.Limit(best)
	r := &receiver{t: t, Socket: s, got: make(chan []byte, 4096)}
	done := make(chan struct{})
	go func() { // ends with the socket; the test waits for it
		defer close(done)
		s.Receive(func(b []byte, _ netip.AddrPort) { r.got <- bytes.Clone(b) })
	}()
	t.Cleanup(func() {
		s.Close() //nolint:errcheck // may be closed already
		<-done
	})
	return r
}

// expect waits for datagrams, in order.
func (r *receiver) expect(want ...string) {
	r.t.Helper()
	bound := time.After(time.Minute)
	for i, w := range want {
		select {
		case g := <-r.got:
			if string(g) != w {
				r.t.Fatalf("datagram %d: got %q, want %q", i, g, w)
			}
		case <-bound:
			r.t.Fatalf("datagram %d, %q, never came", i, w)
		}
	}
}

var modes = []Mode{Plain, Multiple, Segments}

func TestSharedMemoryReachesEveryPeer(t *testing.T) {
	for _, m := range modes {
		t.Run(string(m), func(t *testing.T) {
			s := newReceiver(t, "127.0.0.1:0", m)
			x, y := newReceiver(t, "127.0.0.1:0", Segments), newReceiver(t, "127.0.0.1:0", Segments)
			b := s.NewBatch()
			p := []byte("onetwotre4")
			for _, r := range []*receiver{x, y} {
				to := s.Peer(r.Local())
				b.Commit(to, copy(b.Room(3), "abc"))
				b.Share(to, p, 3)
				b.Commit(to, copy(b.Room(3), "def"))
				b.Share(to, p[:2], 2)
				if m := b.msgs[len(b.msgs)-1]; &m.data[0] != &p[0] {
					t.Error("shared memory was copied")
				}
			}
			b.Flush()
			for _, r := range []*receiver{x, y} {
				r.expect("abc", "one", "two", "tre", "4", "def", "on")
			}
			if string(p) != "onetwotre4" {
				t.Errorf("shared memory was changed: %q", p)
			}
		})
	}
}

func TestSharedRunsKeepToTheKernelsLimits(t *testing.T) {
	b := NewDiscard()
	for _, seg := range []int{1, 100, 1200, 1472, 9000, maxMessage + 1} {
		p := make([]byte, 150*seg+seg/2)
		b.Share(&Peer{}, p, seg)
		sum := 0
		for i, m := range b.msgs {
			if m.count > maxSegments || m.count > 1 && len(m.data) > maxMessage || m.count != (len(m.data)+seg-1)/seg {
				t.Errorf("segments of %d, message %d: %d of them, %d bytes", seg, i, m.count, len(m.data))
			}
			if len(m.data)%seg != 0 && i != len(b.msgs)-1 {
				t.Errorf("segments of %d, message %d: cut in the middle of one", seg, i)
			}
			sum += len(m.data)
		}
		if sum != len(p) {
			t.Errorf("segments of %d: %d of %d bytes", seg, sum, len(p))
		}
		b.Flush()
	}
}

// A socket bound to all addresses is an IPv6 one; IPv4 peers have mapped addresses there.
func TestIPv4PeersOfAnIPv6Socket(t *testing.T) {
	for _, m := range modes {
		s, x := newReceiver(t, ":0", m), newReceiver(t, "127.0.0.1:0", Segments)
		b := s.NewBatch()
		mapped := netip.AddrPortFrom(netip.AddrFrom16(x.Local().Addr().As16()), x.Local().Port())
		for _, a := range []netip.AddrPort{x.Local(), mapped} {
			b.Share(s.Peer(a), []byte("onetwo3"), 3)
		}
		b.Flush()
		x.expect("one", "two", "3", "one", "two", "3")
	}
}

// A peer that the socket can't reach at all costs its own datagrams only.
func TestUnreachablePeers(t *testing.T) {
	for _, m := range modes {
		s, x := newReceiver(t, "127.0.0.1:0", m), newReceiver(t, "127.0.0.1:0", Segments)
		b := s.NewBatch()
		for _, a := range []string{"[2001:db8::1]:9", "127.0.0.1:0"} {
			b.Share(s.Peer(netip.MustParseAddrPort(a)), []byte("onetwo3"), 3)
			b.Share(s.Peer(x.Local()), []byte("onetwo3"), 3)
		}
		b.Flush()
		x.expect("one", "two", "3", "one", "two", "3")
		if got := s.Refused(); got != 6 {
			t.Errorf("%s: %d datagrams refused, want 6", m, got)
		}
	}
}

func TestSocketThatDoesNotSendAnyMore(t *testing.T) {
	for name, stop := range map[string]func(*Socket) error{
		"closed":                (*Socket).Close,
		"a deadline has passed": func(s *Socket) error { return s.Conn().SetWriteDeadline(time.Unix(1, 0)) },
	} {
		for _, m := range modes {
			s := newReceiver(t, "127.0.0.1:0", m)
			b := s.NewBatch()
			if err := stop(s.Socket); err != nil {
				t.Fatal(err)
			}
			b.Share(s.Peer(netip.MustParseAddrPort("127.0.0.1:9")), []byte("onetwo3"), 3)
			b.Flush()
			if got := s.Refused(); got != 3 {
				t.Errorf("%s, %s: %d datagrams refused, want 3", name, m, got)
			}
		}
	}
}

// many returns a socket limited to m and peers that do not read.
func many(t testing.TB, m Mode, n int) (*Socket, []*Peer) {
	t.Helper()
	s, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // a test's
	s.Limit(m)
	var peers []*Peer
	for range n {
		r, err := Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Close() }) //nolint:errcheck // a test's
		peers = append(peers, s.Peer(r.Local()))
	}
	return s, peers
}

func TestBatchesDoNotAllocate(t *testing.T) {
	shared := make([]byte, 10_000)
	for _, m := range modes {
		s, peers := many(t, m, 4)
		b := s.NewBatch()
		pass := func() {
			for _, to := range peers {
				b.Share(to, shared, 1400)
				for range 3 {
					b.Room(1200)
					b.Commit(to, 1200)
				}
			}
			b.Flush()
		}
		if n := testing.AllocsPerRun(100, pass); n != 0 {
			t.Errorf("%s: %v allocations for 44 datagrams, want 0", m, n)
		}
	}
}

// BenchmarkBatch sends a picture of eight datagrams to each of a hundred peers on the loopback interface
// that read nothing: what is left is the price of sending.
func BenchmarkBatch(b *testing.B) {
	picture := make([]byte, 8*1400)
	for _, m := range modes {
		for name, put := range map[string]func(*Batch, *Peer){
			"shared": func(x *Batch, to *Peer) { x.Share(to, picture, 1400) },
			"own": func(x *Batch, to *Peer) {
				for p := picture; len(p) > 0; p = p[1400:] {
					x.Commit(to, copy(x.Room(1400), p[:1400]))
				}
			},
		} {
			b.Run(string(m)+"/"+name, func(b *testing.B) {
				s, peers := many(b, m, 100)
				x := s.NewBatch()
				b.ReportAllocs()
				b.SetBytes(int64(len(peers) * len(picture)))
				for b.Loop() {
					for _, to := range peers {
						put(x, to)
					}
					x.Flush()
				}
			})
		}
	}
}
