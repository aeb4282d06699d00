package datagram

import (
	"net"
	"net/netip"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// kernel stands before sendmmsg.
type kernel struct {
	refuse func(hdr *mmsghdr) unix.Errno // of the first message
	most   int                           // messages that one call takes; 0: all
	cut    int                           // runs that it was given and took
	denied int                           // calls that failed
}

func (k *kernel) call(fd uintptr, hdrs []mmsghdr) (int, unix.Errno) {
	n := 0
	for ; n < len(hdrs) && (k.most == 0 || n < k.most); n++ {
		if k.refuse == nil {
			continue
		}
		if e := k.refuse(&hdrs[n]); e != 0 {
			if n == 0 {
				k.denied++
				return 0, e
			}
			break
		}
	}
	sent, e := sendmmsg(fd, hdrs[:n])
	for i := range max(sent, 0) {
		if hdrs[i].hdr.Control != nil {
			k.cut++
		}
	}
	return sent, e
}

func (k *kernel) batch(s *Socket) *Batch {
	v := newVector(s)
	v.call = k.call
	return newBatch(gsoOutlet{v})
}

// goesTo reports whether a message is for a peer.
func goesTo(hdr *mmsghdr, p *Peer) bool { return hdr.hdr.Name == &p.raw.b[0] }

// Where the way to a peer takes no runs, nothing is lost, that peer is remembered, and the others go on
// as before.
func TestWaysThatTakeNoRuns(t *testing.T) {
	for _, e := range []unix.Errno{unix.EIO, unix.EINVAL, unix.EMSGSIZE} {
		t.Run(e.Error(), func(t *testing.T) {
			s := newReceiver(t, "127.0.0.1:0", Segments)
			x, y := newReceiver(t, "127.0.0.1:0", Segments), newReceiver(t, "127.0.0.1:0", Segments)
			px, py := s.Peer(x.Local()), s.Peer(y.Local())
			k := &kernel{refuse: func(h *mmsghdr) unix.Errno {
				if goesTo(h, px) && h.hdr.Control != nil {
					return e
				}
				return 0
			}}
			b := k.batch(s.Socket)
			for round := 1; round <= 3; round++ {
				b.Share(py, []byte("onetwo3"), 3)
				b.Share(px, []byte("onetwo3"), 3)
				b.Share(py, []byte("fivesix"), 4)
				b.Flush()
				x.expect("one", "two", "3")
				y.expect("one", "two", "3", "five", "six")
				if k.denied != 1 || k.cut != 2*round {
					t.Errorf("round %d: runs refused: %d, want 1; taken: %d, want %d", round, k.denied, k.cut, 2*round)
				}
			}
			if s.Refused() != 0 {
				t.Errorf("%d datagrams lost", s.Refused())
			}
		})
	}
}

// A run refused for another reason, such as a queue that is full, is not tried again in pieces.
func TestRunsThatAreDroppedStayDropped(t *testing.T) {
	s, x := newReceiver(t, "127.0.0.1:0", Segments), newReceiver(t, "127.0.0.1:0", Segments)
	full := true
	k := &kernel{refuse: func(*mmsghdr) unix.Errno {
		if full {
			full = false
			return unix.ENOBUFS
		}
		return 0
	}}
	b := k.batch(s.Socket)
	b.Share(s.Peer(x.Local()), []byte("onetwo3"), 3)
	b.Share(s.Peer(x.Local()), []byte("fivesix"), 4)
	b.Flush()
	x.expect("five", "six")
	if s.Refused() != 3 || k.cut != 1 {
		t.Errorf("refused: %d, want 3; runs taken: %d, want 1", s.Refused(), k.cut)
	}
}

// The kernel may take some messages of a call, or be interrupted.
func TestCallsThatTakeAPart(t *testing.T) {
	for _, most := range []int{1, 2, 7} {
		s, x := newReceiver(t, "127.0.0.1:0", Segments), newReceiver(t, "127.0.0.1:0", Segments)
		calls := 0
		k := &kernel{most: most, refuse: func(*mmsghdr) unix.Errno {
			if calls++; calls%3 == 0 {
				return unix.EINTR
			}
			return 0
		}}
		b := k.batch(s.Socket)
		var want []string
		for i := range 40 {
			text := strconv.Itoa(100 + i)
			b.Share(s.Peer(x.Local()), []byte(text), 2)
			want = append(want, text[:2], text[2:])
		}
		b.Flush()
		x.expect(want...)
		if s.Refused() != 0 {
			t.Errorf("%d at once: %d datagrams refused", most, s.Refused())
		}
	}
}

// More datagrams than a vector has entries, all of them for ways that take no runs.
func TestMoreThanAVector(t *testing.T) {
	s, x := newReceiver(t, "127.0.0.1:0", Segments), newReceiver(t, "127.0.0.1:0", Segments)
	k := &kernel{refuse: func(h *mmsghdr) unix.Errno {
		if h.hdr.Control != nil {
			return unix.EIO
		}
		return 0
	}}
	b := k.batch(s.Socket)
	var want []string
	for i := range batchMessages + 50 {
		b.Share(s.Peer(x.Local()), []byte(strconv.Itoa(10000+i)), 2)
		want = append(want, strconv.Itoa(10000 + i)[:2], strconv.Itoa(10000 + i)[2:4], strconv.Itoa(10000 + i)[4:])
	}
	b.Flush()
	x.expect(want...)
	if s.Refused() != 0 {
		t.Errorf("%d datagrams refused", s.Refused())
	}
}

// The real thing: a socket without checksums takes no runs (EINVAL).
func TestKernelThatRefusesRuns(t *testing.T) {
	s, x := newReceiver(t, "127.0.0.1:0", Segments), newReceiver(t, "127.0.0.1:0", Segments)
	if err := s.raw.Control(func(fd uintptr) {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	b, to := s.NewBatch(), s.Peer(x.Local())
	for range 2 {
		b.Share(to, []byte("onetwo3"), 3)
		b.Flush()
		x.expect("one", "two", "3")
	}
	if !to.uncut.Load() || s.Refused() != 0 {
		t.Errorf("the peer is remembered: %v; %d datagrams refused", to.uncut.Load(), s.Refused())
	}
}

// Zones come as names from package net, and as numbers from the kernel.
func TestZones(t *testing.T) {
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		t.Fatalf("interfaces: %v, %v", all, err)
	}
	index := strconv.Itoa(all[0].Index)
	s := &Socket{v6: true}
	for zone, want := range map[string]string{all[0].Name: index, index: index, "": "", "no such interface": ""} {
		a := s.sockaddr(netip.AddrPortFrom(netip.MustParseAddr("fe80::1").WithZone(zone), 9))
		if got := parseSockaddr(&a.b); got != netip.AddrPortFrom(netip.MustParseAddr("fe80::1").WithZone(want), 9) {
			t.Errorf("zone %q: got %v, want zone %q", zone, got, want)
		}
	}
}

func TestProbeForBatches(t *testing.T) {
	s, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if s.Mode() == Plain {
		t.Error("this kernel has sendmmsg, and the probe did not find it")
	}
	if batches(^uintptr(0)) {
		t.Error("the probe takes a failing call for a good one")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
