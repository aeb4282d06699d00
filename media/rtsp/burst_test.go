package rtsp

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xianfeng/media"
	"xianfeng/media/packet"
)

func newTestLane(t testing.TB, track media.Track) *lane {
	t.Helper()
	p, err := packet.NewPacketizer(&track, maxPayload)
	if err != nil {
		t.Fatal(err)
	}
	return &lane{index: 1, pt: 97, ssrc: 0xdeadbeef, clock: track.ClockRate(), packets: p}
}

// The bytes of a burst are what independent parsers of RTP and RTCP take them for.
func TestBurstBytes(t *testing.T) {
	l := newTestLane(t, h264Track)
	l.due = true
	at := time.Unix(1700000000, 250000000)
	b := l.make(&media.Unit{Key: true, PTS: media.Origin + time.Second, DTS: media.Origin, Time: at, Payload: sample(media.H264, 5, 5, 4000)})
	if b.rtp < 4 || len(b.ends) != b.rtp+1 {
		t.Fatalf("frames: got %d RTP of %d", b.rtp, len(b.ends))
	}
	for i := range b.ends {
		p, control := b.frame(i)
		if len(p) > maxPacket {
			t.Errorf("packet %d has %d bytes", i, len(p))
		}
		if control != (i == b.rtp) {
			t.Errorf("packet %d: control %v", i, control)
		}
		if control {
			var sr rtcp.SenderReport
			if err := sr.Unmarshal(p); err != nil {
				t.Fatal(err)
			}
			if sr.SSRC != 0xdeadbeef || sr.NTPTime != toNTP(at) || sr.RTPTime != 11*90000 || sr.PacketCount != uint32(b.rtp) {
				t.Errorf("sender report: %+v", sr)
			}
			continue
		}
		var pkt rtp.Packet
		if err := pkt.Unmarshal(p); err != nil {
			t.Fatal(err)
		}
		if pkt.SSRC != 0xdeadbeef || pkt.PayloadType != 97 || pkt.Timestamp != 11*90000 || pkt.SequenceNumber != uint16(i) || pkt.Marker != (i == b.rtp-1) {
			t.Errorf("packet %d: %+v", i, pkt.Header)
		}
	}
	moved := b.on(6)
	if &b.on(2)[0] != &b.bytes[0] || bytes.Equal(moved, b.bytes) {
		t.Error("only other channels take a copy")
	}
	from := 0
	for i, end := range b.ends {
		want := byte(6)
		if i == b.rtp {
			want = 7
		}
		if moved[from] != '$' || moved[from+1] != want || int(moved[from+2])<<8|int(moved[from+3]) != end-from-framing {
			t.Errorf("frame %d: framing %x", i, moved[from:from+4])
		}
		from = end
	}
}

// The memory that waits for viewers is bounded, and what is dropped is dropped from both ends of the list.
func TestHistoryIsBounded(t *testing.T) {
	l := newTestLane(t, h264Track)
	l.index = 0
	hub := media.NewHub(media.HubConfig{})
	defer hub.Close()
	pub, err := hub.Publish(media.PublishRequest{Name: "a", Tracks: []media.Track{h264Track}, Close: func(error) {}})
	if err != nil {
		t.Fatal(err)
	}
	e := &egress{stream: pub.Stream(), lanes: []*lane{l}, byUnit: []*lane{l}}
	h := history{e: e}
	unit := func(i int, key bool, size int) *media.Unit {
		return &media.Unit{Key: key, DTS: time.Duration(i) * 20 * time.Millisecond, PTS: time.Duration(i) * 20 * time.Millisecond, Payload: [][]byte{mark(i, size, 0x41)}}
	}
	h.add(unit(0, true, 100))
	for i := 1; i < 500; i++ {
		h.add(unit(i, i%250 == 0, 100))
	}
	if got := h.count; got != 250 {
		t.Errorf("bursts since the last key frame: got %d, want 250", got)
	}
	for i := 500; i < 500+keepBursts; i++ {
		h.add(unit(i, false, 100))
	}
	if h.count > keepBursts || e.key.Load() != nil {
		t.Errorf("a group of pictures too long: %d bursts kept, key %v", h.count, e.key.Load())
	}
	for i := range 100 {
		h.add(unit(500+keepBursts+i, i == 0, 1<<20))
	}
	if h.bytes > keepBytes {
		t.Errorf("%d bytes kept", h.bytes)
	}
	n := 0
	for b := h.oldest; b != nil; b = b.next.Load() {
		n++
	}
	if n != h.count {
		t.Errorf("list of %d, count says %d", n, h.count)
	}
}

func BenchmarkBurst(b *testing.B) {
	l := newTestLane(b, h264Track)
	u := &media.Unit{PTS: media.Origin, DTS: media.Origin, Payload: sample(media.H264, 1, 2, 10_000)}
	b.ReportAllocs()
	b.SetBytes(10_000)
	for b.Loop() {
		l.make(u)
	}
}
