package rtc

import (
	"time"

	"xianfeng/media"
	"xianfeng/media/datagram"
	"xianfeng/media/packet"
)

const (
	sliceGap    = 5 * time.Millisecond // between two slices of a viewer that catches up
	reportEvery = time.Second
	// Sound waits that long for a picture to travel with: one burst costs half of two. Jitter buffers
	// hold several times as much.
	soundHold = 10 * time.Millisecond
)

// worker sends a group's packets to its viewers. One goroutine runs it.
type worker struct {
	g       *Group
	batch   *datagram.Batch
	nonce   [12]byte
	scratch []byte // for RTCP
	viewers []*Viewer
	readers []*feed
	units   []*media.Unit
	packets []packet.Packet
	news    []position // packets that came in this pass
	mail    []letter
	now     time.Time
	behind  bool      // some viewer is catching up
	joined  bool      // newcomers in this pass
	held    time.Time // sound has been waiting since; zero: none waits
	reports time.Time
	asked   time.Time // when the publisher was last asked for a key frame
}

// feed is one stream that the worker reads.
type feed struct {
	s       *media.Stream
	r       *media.Reader
	changed <-chan struct{}
}

// position names a packet in a track's ring.
type position struct {
	lane int
	pos  uint64
}

// sending is what the worker knows of one viewer.
type sending struct {
	lanes     [2]lane
	nextSlice time.Time
	resend    allowance
	repeated  time.Time // when a key frame was last sent again
	sent      int       // bytes in this pass
}

func newWorker(g *Group) *worker {
	w := &worker{g: g, batch: g.t.sock.NewBatch(), scratch: make([]byte, 0, 256)}
	for _, t := range g.tracks {
		if t != nil && (len(w.readers) == 0 || w.readers[0].s != t.source) {
			w.readers = append(w.readers, &feed{s: t.source, r: t.source.NewReader()})
		}
	}
	return w
}

// run sends until the stream ends or the group has no users left.
func (w *worker) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if err := w.pass(); err != nil {
			w.end(err)
			return
		}
		switch {
		case w.behind:
			timer.Reset(sliceGap)
		case !w.held.IsZero():
			timer.Reset(soundHold - w.now.Sub(w.held))
		}
		var second <-chan struct{}
		if len(w.readers) > 1 {
			second = w.readers[1].changed
		}
		select {
		case <-w.readers[0].changed:
		case <-second:
		case <-w.g.wake:
		case <-timer.C:
		case <-w.g.quit:
			return
		}
	}
}

// end closes all viewers, and those that come until the group is let go.
func (w *worker) end(err error) {
	for {
		w.takeMail()
		for _, v := range w.viewers {
			v.Close(err)
		}
		w.viewers = w.viewers[:0]
		select {
		case <-w.g.wake:
		case <-w.g.quit:
			return
		}
	}
}

// pass takes what is new and sends what is due.
func (w *worker) pass() error {
	w.now = time.Now()
	if err := w.read(); err != nil {
		return err
	}
	if w.g.s.Reordered() {
		return media.ErrReordered
	}
	w.takeMail()
	if w.hold() {
		return nil
	}
	w.behind = false
	report := w.now.Sub(w.reports) >= reportEvery && len(w.news) > 0
	if report {
		w.reports = w.now
	}
	live := w.viewers[:0]
	for _, v := range w.viewers {
		if v.ctx.Err() != nil {
			continue
		}
		live = append(live, v)
		w.serve(v, report)
	}
	clear(w.viewers[len(live):])
	w.viewers = live
	w.answerMail()
	w.batch.Flush()
	w.news = w.news[:0]
	return nil
}

// hold reports whether there is nothing to send now but sound that can wait for a picture.
func (w *worker) hold() bool {
	pictures := w.g.tracks[videoLane]
	wait := len(w.news) > 0 && len(w.mail) == 0 && !w.behind && !w.joined && pictures != nil &&
		w.now.Sub(pictures.came) < time.Second // and some are coming
	for _, n := range w.news {
		wait = wait && n.lane == audioLane
	}
	switch {
	case !wait || !w.held.IsZero() && w.now.Sub(w.held) >= soundHold:
		w.held = time.Time{}
		return false
	case w.held.IsZero():
		w.held = w.now
	}
	return true
}

// read drains the streams into the rings.
func (w *worker) read() error {
	for i, f := range w.readers {
		var err error
		w.units, f.changed, err = f.r.Drain(w.units[:0])
		if err != nil {
			if i == 0 {
				return err
			}
			f.changed = nil // the derived sound ended: silence
		}
		for _, u := range w.units {
			for l, t := range w.g.tracks {
				if t != nil && t.source == f.s && t.index == u.Track {
					w.add(l, t, u)
				}
			}
		}
		clear(w.units)
	}
	return nil
}

// add makes packets of a unit.
func (w *worker) add(l int, t *track, u *media.Unit) {
	w.packets = t.packetizer.Packets(w.packets[:0], u)
	if len(w.packets) == 0 {
		return
	}
	t.pics++
	t.came = w.now
	t.time, t.ts = u.Time, w.packets[0].Timestamp
	for i := range w.packets {
		p := &w.packets[i]
		w.news = append(w.news, position{l, t.ring.next})
		t.ring.add(pkt{payload: p.Payload, at: u.DTS, pic: t.pics, ts: p.Timestamp, marker: p.Marker}, u.Key && i == 0)
	}
	clear(w.packets)
}

// takeMail takes newcomers and reports out of the group's letter box.
func (w *worker) takeMail() {
	g := w.g
	g.mu.Lock()
	defer g.mu.Unlock()
	w.joined = len(g.fresh) > 0
	w.viewers = append(w.viewers, g.fresh...)
	clear(g.fresh)
	g.fresh = g.fresh[:0]
	w.mail, g.mail = g.mail, w.mail[:0]
}

// serve sends one viewer what it is due: what is new, or the next slice of what it missed.
func (w *worker) serve(v *Viewer, report bool) {
	x, to, k := &v.send, v.to.Load(), v.keys.Load()
	if to == nil || k == nil {
		return
	}
	x.sent = 0
	joined := false
	for i := range x.lanes {
		l, t := &x.lanes[i], w.g.tracks[i]
		switch {
		case !l.on || !l.waits:
			continue
		case !t.ring.hasKey:
			if t.pics > 0 {
				w.wantKeyFrame() // the group of pictures is larger than the ring
			}
			continue
		case i == videoLane:
			l.catchUp(&t.ring)
		default:
			l.goTo(w.firstNew(i, &t.ring)) // sound begins live
		}
		joined = true
	}
	if joined {
		x.resend.init(w.now)
		report = true
	}
	for _, n := range w.news {
		if l := &x.lanes[n.lane]; l.on && l.cursor == n.pos && !l.waits {
			w.next(v, to, k, l, &w.g.tracks[n.lane].ring)
		}
	}
	if l := &x.lanes[videoLane]; l.on && !l.waits {
		w.catchUp(v, to, k, l, &w.g.tracks[videoLane].ring)
	}
	if report {
		w.report(v, to, k)
	}
	if x.sent > 0 {
		v.session.Sent.Add(uint64(x.sent)) //nolint:gosec // positive
	}
}

// firstNew is the position of the first packet of a lane that came in this pass.
func (w *worker) firstNew(lane int, r *ring) uint64 {
	for _, n := range w.news {
		if n.lane == lane && r.has(n.pos) {
			return n.pos
		}
	}
	return r.next
}

// catchUp sends the next slice of what a viewer has not had yet.
func (w *worker) catchUp(v *Viewer, to *datagram.Peer, k *keys, l *lane, r *ring) {
	if l.cursor < r.first { // overtaken by the ring: go on at the newest key frame
		if l.waits = !r.hasKey; l.waits {
			return
		}
		l.catchUp(r)
	}
	if l.cursor == r.next {
		return
	}
	w.behind = true
	x := &v.send
	if w.now.Before(x.nextSlice) {
		return
	}
	x.nextSlice = w.now.Add(sliceGap - sliceGap/10) // timers are late, never early
	for range catchUpSlice {
		if l.cursor == r.next {
			return
		}
		w.next(v, to, k, l, r)
	}
}

// next sends the lane's next packet. 0 allocs.
func (w *worker) next(v *Viewer, to *datagram.Peer, k *keys, l *lane, r *ring) {
	p := r.at(l.cursor)
	w.put(v, to, k, l, p, l.next(), l.now.timestamp(l.cursor, p))
	l.cursor++
}

// put seals a packet into the batch.
func (w *worker) put(v *Viewer, to *datagram.Peer, k *keys, l *lane, p *pkt, index uint64, ts uint32) {
	dst := w.batch.Room(headerSize + len(p.payload) + maxTag)
	header(dst, l.pt, p.marker, index, ts, l.ssrc)
	n, err := k.seal.seal(dst, p.payload, index, l.ssrc, &w.nonce)
	if err != nil {
		return // only pion's profiles can: the key has been used up
	}
	w.batch.Commit(to, n)
	l.packets++
	l.octets += uint32(len(p.payload)) //nolint:gosec // bounded by maxPayload
	v.send.sent += n
}
