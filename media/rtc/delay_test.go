package rtc

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

// rehearsal is a group whose passes the test makes itself, and whose packets go nowhere.
type rehearsal struct {
	t   testing.TB
	hub *media.Hub
	pub *media.Publisher
	tr  *Transport
	w   *worker
	g   *Group
	n   int
}

func newRehearsal(t testing.TB, delay time.Duration) *rehearsal {
	t.Helper()
	r := &rehearsal{t: t, hub: media.NewHub(media.HubConfig{Grace: time.Nanosecond, Keep: delay})}
	var err error
	if r.pub, err = r.hub.Publish(media.PublishRequest{Name: "bars", Tracks: []media.Track{h264Track, opusTrack}}); err != nil {
		t.Fatal(err)
	}
	r.tr = New(Config{})
	r.tr.sock = &datagram.Socket{}
	r.w = newWorker(r.tr.sock)
	r.w.batch = datagram.NewDiscard()
	r.tr.workers = []*worker{r.w}
	return r
}

// group opens the group for a delay.
func (r *rehearsal) group(delay time.Duration) {
	r.t.Helper()
	var err error
	if r.g, err = r.tr.group(r.pub.Stream(), delay); err != nil {
		r.t.Fatal(err)
	}
}

// join adds a viewer that has shaken hands.
func (r *rehearsal) join() *Viewer {
	r.t.Helper()
	o, err := parseOffer([]byte(shortOffer))
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := choose(o, r.g)
	if err != nil {
		r.t.Fatal(err)
	}
	v := newViewer(r.tr, r.g, o, a)
	if v.session, err = r.pub.Stream().NewSession("whep", "here", v.ended); err != nil {
		r.t.Fatal(err)
	}
	k, _ := testKeys(r.t, dtls.SRTP_AEAD_AES_128_GCM)
	v.keys.Store(k)
	v.to.Store(&datagram.Peer{})
	r.g.join(v)
	return v
}

// show writes the next picture, a key frame each n, and sound.
func (r *rehearsal) show(n, size int) {
	r.t.Helper()
	at := time.Duration(r.n) * 40 * time.Millisecond
	for i, payload := range [][][]byte{picture(media.H264, r.n%n == 0, uint32(r.n), size), {{0xfc, 0xff, 0xfe}}} { //nolint:gosec // small
		if err := r.pub.Write(i, media.Sample{PTS: at, DTS: at, HasDTS: true, Payload: payload}); err != nil {
			r.t.Fatal(err)
		}
	}
	r.n++
}

// Whoever is shown the stream later gets each unit when it is due, all of them, those at the end as well.
func TestDelayedUnitsGoWhenTheyAreDue(t *testing.T) {
	for _, delay := range []time.Duration{1200 * time.Millisecond, 7700 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			r := newRehearsal(t, delay)
			for range 250 { // the stream has been there for ten seconds
				r.show(50, 500)
				time.Sleep(40 * time.Millisecond)
			}
			r.group(delay)
			r.w.pass()
			v := r.join()
			video, audio := r.g.tracks[videoLane], r.g.tracks[audioLane]
			wakes, first := 0, true
			check := func() {
				r.w.pass()
				late := time.Since(video.time.Add(delay))
				if video.pics == 0 || late < -together || late >= 40*time.Millisecond {
					t.Fatalf("delay %v: picture %d is %v late", delay, video.pics, late)
				}
				if late := time.Since(audio.time.Add(delay)); late < -together || late >= 40*time.Millisecond {
					t.Fatalf("delay %v: the sound is %v late", delay, late)
				}
				if l := &v.send.lanes[videoLane]; l.waits || l.cursor != video.ring.next {
					t.Fatalf("delay %v: the viewer waits for something", delay)
				}
				if first && r.g.early(r.w, video) != 0 {
					t.Fatalf("delay %v: the first picture comes before its time", delay)
				}
				first = false
			}
			for range 250 {
				r.show(50, 500)
				for range 40 {
					wake := !r.g.due.IsZero() && !time.Now().Before(r.g.due)
					check()
					if wake {
						wakes++
					}
					time.Sleep(time.Millisecond)
				}
			}
			if wakes > 250+10 {
				t.Errorf("delay %v: %d wakes for 250 bursts", delay, wakes)
			}
			if r.g.dry.Load() {
				t.Errorf("delay %v: each unit wakes the group", delay)
			}
			r.pub.Close() // the rest is still to come
			for range delay/time.Millisecond - 60 {
				if v.Err() != nil {
					t.Fatalf("delay %v: the viewer ended with %v", delay, v.Err())
				}
				check()
				time.Sleep(time.Millisecond)
			}
			time.Sleep(100 * time.Millisecond)
			r.w.pass()
			time.Sleep(time.Second)
			r.g.mark()
			r.w.pass()
			if !errors.Is(v.Err(), media.ErrEnded) {
				t.Errorf("delay %v: after the end the viewer has %v", delay, v.Err())
			}
			if want := r.pub.Stream().Timeline().At(media.Origin + time.Duration(r.n-1)*40*time.Millisecond); !video.time.Equal(want) {
				t.Errorf("delay %v: the last picture is of %v, want %v", delay, video.time, want)
			}
			r.hub.Close()
		})
	}
}

// Where nothing is due yet a viewer's first picture comes at once, and stands until its time.
func TestDelayedViewerSeesAPictureAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay = 2700 * time.Millisecond
		r := newRehearsal(t, 0)
		for range 10 {
			r.show(1000, 500)
			time.Sleep(40 * time.Millisecond)
		}
		r.group(delay)
		v := r.join()
		r.w.pass()
		video, l := r.g.tracks[videoLane], &v.send.lanes[videoLane]
		if video.pics != 1 || l.waits || l.cursor != video.ring.next {
			t.Fatalf("%d pictures taken, the viewer waits: %v", video.pics, l.waits)
		}
		p := video.ring.at(l.cursor - 1)
		ahead := p.ts - l.now.timestamp(l.cursor-1, p)
		if want := uint32(90 * (delay - 400*time.Millisecond) / time.Millisecond); ahead != want {
			t.Errorf("the first picture's timestamp is %d ticks back, want %d", ahead, want)
		}
		for range 100 {
			r.show(1000, 500)
			time.Sleep(40 * time.Millisecond)
			r.w.pass()
		}
		p = video.ring.at(l.cursor - 1)
		if l.now.timestamp(l.cursor-1, p) != p.ts || video.pics < 30 || video.pics > 50 {
			t.Errorf("%d pictures, timestamp off by %d", video.pics, p.ts-l.now.timestamp(l.cursor-1, p))
		}
		v.Close(errors.New("enough"))
		r.hub.Close()
	})
}

// A stream that stalls for longer than the delay, and goes on.
func TestDelayedGroupRunsDry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const delay = 200 * time.Millisecond
		r := newRehearsal(t, delay)
		r.show(1000, 500)
		r.group(delay)
		r.w.pass()
		time.Sleep(time.Second)
		r.w.pass()
		if !r.g.dry.Load() || r.g.tracks[videoLane].pics != 1 {
			t.Fatalf("dry %v after %d pictures; want true, 1", r.g.dry.Load(), r.g.tracks[videoLane].pics)
		}
		r.n = 25
		r.show(1000, 500)
		if len(r.w.marked) != 1 {
			t.Fatal("the group was not told of the next unit")
		}
		r.w.pass()
		if due := time.Until(r.g.due); due <= 0 || due > delay {
			t.Errorf("the next pass is in %v, want %v", due, delay)
		}
		r.tr.release(r.g)
		r.w.pass()
		r.hub.Close()
	})
}

// With real viewers, one delayed and one not: both get everything, and the same programme time for the same
// timestamp; a request for a key frame is answered without asking the publisher.
func TestDelayedBesideUndelayed(t *testing.T) {
	const delay = 500 * time.Millisecond
	w := newWorld(t, Config{})
	var asked atomic.Int32
	w.rtc.OnKeyFrameWanted(func(*media.Stream) { asked.Add(1) })
	w.show(true, 800)
	now, later := newClient(t, clientConfig{}), newClient(t, clientConfig{})
	w.watch(now)
	v, answer, err := w.rtc.View(w.stream(), []byte(later.offer()), Request{Protocol: "whep", Remote: "127.0.0.1:1", Delay: delay})
	if err != nil {
		t.Fatal(err)
	}
	later.accept(string(answer))
	later.until("the first picture", func() bool { return len(later.ids()) == 1 })
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	const pictures = 60
	for w.pics < pictures {
		<-tick.C
		w.show(false, 800)
	}
	ntpOf := func(c *client) (at time.Duration, ok bool) { // programme time of timestamp 0
		for _, r := range c.reports {
			if sr, is := r.(*rtcp.SenderReport); is && sr.SSRC == c.packets[webrtc.RTPCodecTypeVideo][0].SSRC {
				wall := time.Duration(sr.NTPTime>>32)*time.Second + time.Duration((sr.NTPTime&0xffffffff)*uint64(time.Second)>>32)
				at, ok = wall-media.FromTicks(int64(sr.RTPTime), 90000), true
			}
		}
		return at, ok
	}
	for _, c := range []*client{now, later} {
		c.until("all pictures and a report", func() bool {
			_, ok := ntpOf(c)
			return ok && len(c.ids()) >= pictures
		})
	}
	now.mu.Lock()
	a, _ := ntpOf(now)
	now.mu.Unlock()
	later.mu.Lock()
	b, _ := ntpOf(later)
	last := later.packets[webrtc.RTPCodecTypeVideo][later.count(webrtc.RTPCodecTypeVideo)-1]
	for i, id := range later.ids() {
		if id != uint32(i) {
			t.Fatalf("picture %d is number %d", i, id)
		}
	}
	later.mu.Unlock()
	if d := (a - b).Abs(); d > time.Millisecond {
		t.Errorf("the reports of the two are %v apart", d)
	}
	// The last picture's timestamp is stream time, without an offset.
	want := w.stream().Timeline().At(media.Origin + (pictures-1)*40*time.Millisecond)
	m, _ := w.stream().Timeline().Map()
	ticks := int64(int32(last.Timestamp - uint32(media.Ticks(m.PTS, 90000)))) //nolint:gosec // modulo 2^32
	if d := m.Time(m.PTS + media.FromTicks(ticks, 90000)).Sub(want).Abs(); d > time.Millisecond {
		t.Errorf("whoever goes by the map is %v off", d)
	}

	if err := later.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: v.ssrcs[videoLane]}}); err != nil {
		t.Fatal(err)
	}
	later.until("the key frame again", func() bool {
		ids := later.ids()
		return len(ids) > pictures && ids[pictures] == 0
	})
	if n := asked.Load(); n != 0 {
		t.Errorf("the publisher was asked for %d key frames", n)
	}
	if err := w.hub.Kick("bars"); err != nil { // the operator does not wait
		t.Fatal(err)
	}
	gone(t, v, media.ErrKicked)
}

// A pass with many viewers allocates what making the packets of its units does, delayed or not.
func TestPassDoesNotAllocatePerPacket(t *testing.T) {
	for _, delay := range []time.Duration{0, time.Second} {
		r := newRehearsal(t, delay)
		const runs = 100
		write := func(n int) {
			for range n {
				r.show(25, 10*maxPayload)
			}
		}
		write(25)
		r.group(delay)
		for range 20 {
			r.join()
		}
		begin := r.pub.Stream().Timeline().At(media.Origin)
		r.w.now = begin.Add(delay)
		r.g.pass(r.w)
		write(runs + 10)
		if delay == 0 {
			r.w.now = r.w.now.Add(time.Second)
			r.g.pass(r.w) // all at once: below, one by one
		}
		n := testing.AllocsPerRun(runs, func() {
			if delay == 0 {
				r.show(25, 10*maxPayload)
			}
			r.w.now = r.w.now.Add(40 * time.Millisecond)
			r.g.pass(r.w)
			r.w.batch.Flush()
		})
		if delay == 0 {
			n -= testing.AllocsPerRun(runs, func() { r.show(25, 10*maxPayload) })
		}
		// 20 viewers get 11 packets each; two units are made into packets, and once in a while rings grow
		// and reports go out.
		if n > 10 {
			t.Errorf("delay %v: %v allocs for 220 packets", delay, n)
		}
		r.hub.Close()
	}
}

func BenchmarkPass(b *testing.B) {
	for _, delay := range []time.Duration{0, time.Second} {
		b.Run(fmt.Sprintf("delay %v", delay), func(b *testing.B) {
			r := newRehearsal(b, delay)
			defer r.hub.Close()
			r.show(25, 10*maxPayload)
			r.group(delay)
			for range 100 {
				r.join()
			}
			r.w.now = time.Now().Add(delay)
			r.g.pass(r.w)
			b.ReportAllocs()
			b.SetBytes(100 * 10 * maxPayload)
			for b.Loop() {
				r.show(25, 10*maxPayload)
				r.w.now = r.w.now.Add(40 * time.Millisecond)
				r.g.pass(r.w)
				r.w.batch.Flush()
			}
		})
	}
}
