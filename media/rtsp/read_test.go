package rtsp

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/headers"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

// feed writes numbered units into a publisher; every keyEvery-th is a key frame.
type feed struct {
	t        *testing.T
	p        *media.Publisher
	keyEvery int
	size     int
	step     time.Duration // between units; default 20 ms
	n        int
}

func (x *feed) write(count int) {
	x.t.Helper()
	if x.step == 0 {
		x.step = 20 * time.Millisecond
	}
	for range count {
		pts := time.Duration(x.n) * x.step
		for i, track := range x.p.Stream().Tracks() {
			if err := x.p.Write(i, media.Sample{PTS: pts, Payload: sample(track.Codec, x.n, x.keyEvery, x.size)}); err != nil {
				x.t.Fatal(err)
			}
		}
		x.n++
	}
}

// A reader who joins in the middle of a long group of pictures gets its key frame at once, and all that
// came since: nothing is written after it joined.
func TestReaderBeginsAtTheKeyFrame(t *testing.T) {
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		t.Run(transport.String(), func(t *testing.T) {
			f := newFixture(t, openGate, Config{}, media.HubConfig{})
			x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 1000, size: 4000}
			x.write(120)
			p := f.mustPlay(f.url("a"), transport)
			f.eventually("everything since the key frame came", func() bool {
				video, _ := p.units(t, 0)
				audio, _ := p.units(t, 1)
				return len(video) == 120 && len(audio) >= 119
			})
			video, _ := p.units(t, 0)
			if len(video[0]) != 3 || video[0][0][0]&0x1f != 7 {
				t.Errorf("first unit: got %d NAL units, the first of type %d; want SPS, PPS, IDR", len(video[0]), video[0][0][0]&0x1f)
			}
			for i := range video {
				if got := number(media.H264, video[i]); got != i {
					t.Fatalf("picture %d: got number %d", i, got)
				}
			}
			p.checkSequence(t, 0)
			p.checkSequence(t, 1)
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.lost != 0 {
				t.Errorf("the client saw %d packets lost", p.lost)
			}
			if len(p.srs[0]) == 0 || len(p.srs[1]) == 0 {
				t.Errorf("sender reports: got %d and %d, want one each", len(p.srs[0]), len(p.srs[1]))
			}
		})
	}
}

// Readers who join while the pump runs see no gap, and RTP-Info is true.
func TestReadersJoinWhileThePumpRuns(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 40, size: 3000}
	x.write(10)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // ends with stop; the test waits for it
		defer close(stopped)
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				x.write(1)
			case <-stop:
				return
			}
		}
	}()
	const readers = 30
	players := make([]*player, readers)
	var wg sync.WaitGroup
	for i := range readers {
		wg.Go(func() {
			transport := gortsplib.TransportTCP
			if i%3 == 0 {
				transport = gortsplib.TransportUDP
			}
			var err error
			if players[i], err = f.play(f.url("a"), transport); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, p := range players {
		f.eventually(fmt.Sprintf("reader %d got 300 packets", i), func() bool { return len(p.packets(0)) > 300 && len(p.packets(1)) > 60 })
	}
	close(stop)
	<-stopped
	for _, p := range players {
		// A UDP reader that this machine keeps waiting loses packets in its socket: it must see no
		// picture twice or out of order, but gaps say nothing.
		gaps := *p.Transport == gortsplib.TransportUDP
		if !gaps {
			p.checkSequence(t, 0)
			p.checkSequence(t, 1)
		}
		video, stamps := p.units(t, 0)
		if video[0][0][0]&0x1f != 7 {
			t.Errorf("first NAL unit is of type %d, want 7", video[0][0][0]&0x1f)
		}
		for i := 1; i < len(video); i++ {
			if a, b := number(media.H264, video[i-1]), number(media.H264, video[i]); b <= a || b > a+1 && !gaps {
				t.Fatalf("picture %d after %d", b, a)
			}
			if stamps[i] == stamps[i-1] {
				t.Fatalf("picture %d repeats its time stamp", i)
			}
		}
	}
}

func setupTCP(r *rawClient, url string, track, channel int) {
	r.t.Helper()
	th := headers.Transport{Protocol: headers.TransportProtocolTCP, InterleavedIDs: &[2]int{channel, channel + 1}}
	if res := r.do(base.Setup, fmt.Sprintf("%s/trackID=%d", url, track), base.Header{"Transport": th.Marshal()}, nil); res.StatusCode != base.StatusOK {
		r.t.Fatalf("SETUP: %d %s", res.StatusCode, res.StatusMessage)
	}
}

// RTP-Info names the very packets that follow, on channels of the client's choice.
func TestRTPInfoAndChannels(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{})
	x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 25, size: 3000}
	x.write(30)
	r := f.raw()
	setupTCP(r, f.url("a"), 1, 10)
	setupTCP(r, f.url("a"), 0, 4)
	f.pumped(1)
	res := r.do(base.Play, f.url("a"), nil, nil)
	if res.StatusCode != base.StatusOK {
		t.Fatalf("PLAY: %d %s", res.StatusCode, res.StatusMessage)
	}
	var info headers.RTPInfo
	if err := info.Unmarshal(res.Header["RTP-Info"]); err != nil || len(info) != 2 {
		t.Fatalf("RTP-Info: %v, %v", err, res.Header["RTP-Info"])
	}
	seen := map[int]bool{}
	for len(seen) < 4 {
		fr := r.frame()
		if seen[fr.Channel] {
			continue
		}
		seen[fr.Channel] = true
		var pkt rtp.Packet
		switch fr.Channel {
		case 4, 10:
			if err := pkt.Unmarshal(fr.Payload); err != nil {
				t.Fatal(err)
			}
			want := info[map[int]int{4: 0, 10: 1}[fr.Channel]]
			if want.SequenceNumber == nil || pkt.SequenceNumber != *want.SequenceNumber {
				t.Errorf("channel %d: first sequence number %d, RTP-Info says %v", fr.Channel, pkt.SequenceNumber, *want.SequenceNumber)
			}
			if pkt.Timestamp != *want.Timestamp {
				t.Errorf("channel %d: first time stamp %d, RTP-Info says %d", fr.Channel, pkt.Timestamp, *want.Timestamp)
			}
		case 5, 11:
		default:
			t.Fatalf("a frame on channel %d", fr.Channel)
		}
	}
}

func TestOneTrackOnly(t *testing.T) {
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		f := newFixture(t, openGate, Config{}, media.HubConfig{})
		x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 25, size: 300}
		x.write(30)
		p := f.mustPlay(f.url("a"), transport, 1)
		x.write(30)
		f.eventually("sound came", func() bool { return len(p.packets(1)) >= 30 })
		p.checkSequence(t, 1)
		if len(p.packets(0)) != 0 {
			t.Error("pictures came")
		}
	}
}

func TestPauseAndPlayAgain(t *testing.T) {
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		t.Run(transport.String(), func(t *testing.T) {
			f := newFixture(t, openGate, Config{}, media.HubConfig{})
			x := feed{t: t, p: f.publisher("a", h264Track), keyEvery: 10, size: 2000}
			x.write(1)
			p := f.mustPlay(f.url("a"), transport)
			f.eventually("the first picture came", func() bool { return len(p.packets(0)) > 0 })
			if _, err := p.Pause(); err != nil {
				t.Fatal(err)
			}
			if n := f.ready("a").Info(false).Viewers; n != 0 {
				t.Errorf("viewers while paused: got %d", n)
			}
			x.write(14)
			f.pumped(11)
			if _, err := p.Play(nil); err != nil {
				t.Fatal(err)
			}
			f.eventually("pictures came again", func() bool {
				u, _ := p.units(t, 0)
				return len(u) == 6
			})
			u, _ := p.units(t, 0)
			if got := number(media.H264, u[1]); got != 10 {
				t.Errorf("first picture after the pause: got %d, want the key frame 10", got)
			}
		})
	}
}

// A reader stays while its publisher is away, and its packets go on where they stopped.
func TestReaderOutlivesItsPublisher(t *testing.T) {
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		t.Run(transport.String(), func(t *testing.T) {
			f := newFixture(t, openGate, Config{}, media.HubConfig{})
			tracks := []media.Track{h264Track, opusTrack}
			r := f.record("a", transport, tracks...)
			write := func(from, to int) {
				for i := from; i < to; i++ {
					r.write(t, 0, time.Duration(i)*40*time.Millisecond, sample(media.H264, i, 20, 1000))
					r.write(t, 1, time.Duration(i)*40*time.Millisecond, sample(media.Opus, i, 20, 0))
				}
			}
			write(0, 20)
			f.ready("a")
			p := f.mustPlay(f.url("a"), transport)
			f.eventually("pictures came", func() bool { u, _ := p.units(t, 0); return len(u) == 20 })
			r.Close()
			f.eventually("the publisher is gone", func() bool { return !f.ready("a").Live() })
			r = f.record("a", transport, tracks...)
			write(100, 120)
			f.eventually("pictures came again", func() bool { u, _ := p.units(t, 0); return len(u) == 40 })
			p.checkSequence(t, 0)
			u, stamps := p.units(t, 0)
			if got := number(media.H264, u[20]); got != 100 {
				t.Errorf("first picture of the second publisher: got %d, want 100", got)
			}
			for i := 1; i < len(stamps); i++ {
				if d := int32(stamps[i] - stamps[i-1]); d <= 0 || d > 90000*20 {
					t.Errorf("time stamp %d is %d ticks after the one before", i, d)
				}
			}
		})
	}
}

func TestStreamEndClosesReaders(t *testing.T) {
	f := newFixture(t, openGate, Config{}, media.HubConfig{Grace: time.Millisecond})
	x := feed{t: t, p: f.publisher("a", h264Track), keyEvery: 10, size: 100}
	x.write(5)
	p := f.mustPlay(f.url("a"), gortsplib.TransportTCP)
	x.p.Close()
	if err := p.Wait(); err == nil {
		t.Error("the session went on")
	}
	f.eventually("the egress is gone", func() bool {
		f.srv.mu.Lock()
		defer f.srv.mu.Unlock()
		return len(f.srv.egresses) == 0
	})
}

// What is sent to readers, and what they report lost, is counted.
func TestSentAndLostAreCounted(t *testing.T) {
	for _, transport := range []gortsplib.Transport{gortsplib.TransportTCP, gortsplib.TransportUDP} {
		f := newFixture(t, openGate, Config{}, media.HubConfig{})
		x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 10, size: 100}
		x.write(5)
		p := f.mustPlay(f.url("a"), transport)
		s := f.ready("a")
		f.eventually("sound came", func() bool { return len(p.packets(1)) > 0 })
		for _, lost := range []uint32{4, 7, 6, 0xffffff} {
			rr := &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: p.packets(1)[0].SSRC, TotalLost: lost}}}
			if err := p.WritePacketRTCP(p.desc.Medias[1], rr); err != nil {
				t.Fatal(err)
			}
		}
		f.eventually("bytes and losses are counted", func() bool {
			info := s.Info(true)
			return len(info.Sessions) == 1 && info.Sessions[0].Sent > 500 && info.Sessions[0].Lost == 7 && info.Sessions[0].Protocol == "rtsp"
		})
	}
}

// Large pictures reach UDP viewers whole, by every way of sending.
func TestUDPInEveryWayOfSending(t *testing.T) {
	for _, mode := range []datagram.Mode{datagram.Plain, datagram.Multiple, datagram.Segments} {
		t.Run(string(mode), func(t *testing.T) {
			f := newFixture(t, openGate, Config{Sending: mode}, media.HubConfig{})
			x := feed{t: t, p: f.publisher("a", h264Track, opusTrack), keyEvery: 1, size: 150_000}
			x.write(1)
			a, b := f.mustPlay(f.url("a"), gortsplib.TransportUDP), f.mustPlay(f.url("a"), gortsplib.TransportUDP)
			// A reader that this machine keeps waiting loses packets in its socket: there is another picture.
			f.eventually("three pictures came whole", func() bool {
				x.write(1)
				for _, p := range []*player{a, b} {
					video, _ := p.units(t, 0)
					audio, _ := p.units(t, 1)
					if len(video) < 3 || len(audio) == 0 {
						return false
					}
				}
				return true
			})
			if got := f.srv.out.Refused(); got != 0 {
				t.Errorf("%d datagrams refused", got)
			}
		})
	}
}
