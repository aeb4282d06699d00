package rtsp

import (
	"bytes"
	"net"
	"testing"
	"time"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

// The packets of a burst come out of its runs in order, whatever part of them is taken at a time.
func TestRunsHoldThePacketsOfTheBurst(t *testing.T) {
	l := newTestLane(t, h264Track)
	for _, payload := range [][][]byte{
		sample(media.H264, 0, 5, 4000),
		sample(media.H264, 1, 5, 100),
		{mark(1, 3000, 0x06), mark(2, 50, 0x41), mark(3, 5000, 0x41), mark(4, 1400, 0x41)},
	} {
		l.due = true
		b := l.make(&media.Unit{PTS: media.Origin, DTS: media.Origin, Payload: payload})
		d := b.datagrams()
		if d != b.datagrams() {
			t.Error("made twice")
		}
		if len(d.reports) != 1 {
			t.Errorf("got %d reports, want 1", len(d.reports))
		}
		for step := 1; step <= b.rtp; step++ {
			i := 0
			for n := range d.runs {
				r := &d.runs[n]
				if r.first != i {
					t.Fatalf("run %d begins at packet %d, want %d", n, r.first, i)
				}
				for i < r.first+r.count {
					p := r.part(d.bytes, i, min(step, r.first+r.count-i))
					for ; len(p) > 0; i++ {
						size := min(r.seg, len(p))
						if want, _ := b.frame(i); !bytes.Equal(p[:size], want) {
							t.Fatalf("packet %d of %d, %d at a time: got %d bytes, want %d", i, b.rtp, step, size, len(want))
						}
						p = p[size:]
					}
				}
			}
			if i != b.rtp {
				t.Errorf("%d packets in the runs, want %d", i, b.rtp)
			}
		}
	}
}

// rig is an egress without a server, its bursts and one viewer of it.
type rig struct {
	t    testing.TB
	l    *lane
	h    history
	v    *viewer
	unit int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	hub := media.NewHub(media.HubConfig{})
	t.Cleanup(hub.Close)
	pub, err := hub.Publish(media.PublishRequest{Name: "a", Tracks: []media.Track{h264Track}, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	l := newTestLane(t, h264Track)
	l.index = 0
	e := &egress{s: New(hub, media.GateFunc(openGate), Config{}), stream: pub.Stream(), lanes: []*lane{l}, byUnit: []*lane{l}}
	counted, err := pub.Stream().NewSession(protocol, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	sock, err := datagram.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { sock.Close() }) //nolint:errcheck // a test's
	v := &viewer{e: e, counted: counted, routes: []route{{on: true, rtp: sock.Peer(sock.Local())}}, sender: &sender{e: e, batch: datagram.NewDiscard()}}
	v.live.Store(true)
	return &rig{t: t, l: l, h: history{e: e}, v: v}
}

// add appends a burst.
func (b *rig) add(key bool, size int) {
	head := byte(0x41)
	if key {
		head = 0x65
	}
	at := time.Duration(b.unit) * 20 * time.Millisecond
	b.h.add(&media.Unit{Key: key, PTS: at, DTS: at, Payload: [][]byte{mark(b.unit, size, head)}})
	b.unit++
}

// A viewer's socket is not flooded: neither while it catches up, nor by a key frame later.
func TestBurstsArePacedForUDP(t *testing.T) {
	b := newRig(t)
	now := time.Unix(1, 0)
	b.add(true, 200*maxPayload)
	packets := func() uint64 { return b.v.counted.Sent.Load() / maxPacket }
	// drain pushes until all is sent, and checks that no push, nor one just after it, sends more than most.
	drain := func(most uint64) (pushes int) {
		for pending := true; pending; pushes++ {
			before := packets()
			pending = b.v.pushUDP(now)
			b.v.pushUDP(now.Add(time.Millisecond))
			if n := packets() - before; n > most {
				t.Errorf("push %d: %d packets, want %d at most", pushes, n, most)
			}
			now = now.Add(retry)
		}
		b.v.sender.batch.Flush()
		return pushes
	}
	if n := drain(catchUp); n < 200/catchUp {
		t.Errorf("the first key frame went in %d pushes", n)
	}
	b.add(false, 10*maxPayload)
	if n := drain(atOnce); n != 1 {
		t.Errorf("a small picture went in %d pushes", n)
	}
	b.add(true, 200*maxPayload)
	if n := drain(atOnce); n < 200/atOnce {
		t.Errorf("a later key frame went in %d pushes", n)
	}
	if b.v.at != b.h.newest || len(b.v.sender.reports) == 0 {
		t.Errorf("the end was not reached, or without a report")
	}
}

// A picture is packetised once, with a number of allocations that does not grow with its packets, and
// costs none for each viewer over UDP.
func TestUDPViewersCostNoAllocations(t *testing.T) {
	b := newRig(t)
	b.add(true, 100)
	now := time.Unix(1, 0)
	pass := func() {
		now = now.Add(retry)
		b.v.pushUDP(now)
		b.v.sender.batch.Flush()
	}
	pass()
	for range 300 {
		b.add(false, 10*maxPayload)
		b.h.newest.datagrams()
	}
	before := b.v.at.seq
	if n := testing.AllocsPerRun(20, pass); n != 0 {
		t.Errorf("%v allocations for each pass, want 0", n)
	}
	if got := b.v.at.seq - before; got < 100 {
		t.Errorf("only %d bursts were sent", got)
	}
}

func TestBurstsCostFewAllocations(t *testing.T) {
	l := newTestLane(t, h264Track)
	for _, packets := range []int{1, 10, 200} {
		u := &media.Unit{PTS: media.Origin, DTS: media.Origin, Payload: [][]byte{mark(1, packets*maxPayload-100, 0x41)}}
		l.make(u)
		if n := testing.AllocsPerRun(100, func() { l.make(u).datagrams() }); n > 7 {
			t.Errorf("%d packets: %v allocations, want 7 at most", packets, n)
		}
	}
}

// tcpPair returns two ends of a connection, the first as the server has it; the other end is read.
func tcpPair(t testing.TB, s *Server) *conn {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() //nolint:errcheck // a test's
	far, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newConn(near.(*net.TCPConn), s)
	if err != nil {
		t.Fatal(err)
	}
	c.flow = true
	done := make(chan struct{})
	go func() { // ends with the connection; the test waits for it
		defer close(done)
		b := make([]byte, 1<<20)
		for {
			if _, err := far.Read(b); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		c.Close()
		<-done
		far.Close() //nolint:errcheck // a test's
	})
	return c
}

// tcp makes the viewer one over TCP who has had the key frame.
func (b *rig) tcp() {
	b.v.conn = tcpPair(b.t, b.v.e.s)
	b.add(true, 100)
	b.v.push(time.Unix(1, 0))
}

func TestTCPViewersCostNoAllocations(t *testing.T) {
	b := newRig(t)
	b.tcp()
	for range 200 {
		b.add(false, 10*maxPayload)
	}
	at := b.v.at
	if n := testing.AllocsPerRun(50, func() {
		b.v.at = at
		b.v.push(time.Unix(1, 0))
	}); n != 0 {
		t.Errorf("%v allocations for each pass, want 0", n)
	}
}

func BenchmarkPush(b *testing.B) {
	for _, over := range []string{"udp", "tcp"} {
		b.Run(over, func(b *testing.B) {
			x := newRig(b)
			if over == "tcp" {
				x.tcp()
			}
			x.v.udp = over == "udp"
			x.add(true, 100)
			x.v.joined = true
			first := x.h.newest
			x.add(false, 7*maxPayload)
			now := time.Unix(1, 0)
			b.ReportAllocs()
			b.SetBytes(int64(len(x.h.newest.bytes)))
			for b.Loop() {
				now = now.Add(retry)
				x.v.at, x.v.frame, x.v.blocked = first, 0, time.Time{}
				x.v.push(now)
			}
			x.v.sender.batch.Flush()
		})
	}
}
