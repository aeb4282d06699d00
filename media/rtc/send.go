package rtc

import (
	"time"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

const (
	sliceGap    = 5 * time.Millisecond // between two slices of a viewer that catches up
	reportEvery = time.Second
	// Sound waits that long for a picture to travel with: one burst costs half of two. Jitter buffers
	// hold several times as much.
	soundHold = 10 * time.Millisecond
)

// sending is what the worker knows of one viewer.
type sending struct {
	lanes       [2]lane
	pacer       pacer
	firstEnd    uint64 // ring position after its first key frame
	firstPace   int64  // of that, in bit/s
	resend      allowance
	repeated    time.Time     // when a key frame was last sent again
	sequence    sequence      // of sender reports
	sent        int           // bytes since the session was told
	late        bool          // in Group.late
	log         *sentLog      // of numbered packets; nil: there are none
	number      uint16        // of the next packet, over all streams
	numbering   bool          // packets are numbered now
	sampled     time.Duration // when the last single picture was
	reportsTill time.Duration // until then all are
	at          time.Duration // when packets are being sent
}

// pass takes what is new and sends what is due.
func (g *Group) pass(w *worker) {
	if empty := g.takeMail(); empty {
		g.viewers, g.late, g.news, g.letters = nil, nil, nil, nil
		w.left = true
		return
	}
	if g.ended == nil {
		g.ended = g.read(w)
	}
	if g.ended == nil && g.s.Reordered() {
		g.ended = media.ErrReordered
	}
	if g.ended != nil {
		for _, v := range g.viewers {
			v.Close(g.ended)
		}
		g.viewers, g.late = nil, nil
		return
	}
	if !g.hold(w) {
		g.serveAll(w)
	}
	g.answerMail(w)
	g.serveLate(w)
}

// takeMail takes newcomers and reports out of the letter box, and reports whether the last user is gone.
func (g *Group) takeMail() (empty bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.joined = len(g.fresh) > 0
	g.viewers = append(g.viewers, g.fresh...)
	clear(g.fresh)
	g.fresh = g.fresh[:0]
	g.letters, g.mail = g.mail, g.letters[:0]
	for _, l := range g.letters {
		l.v.waiting = 0
	}
	return g.empty
}

// read takes what the streams have into the rings.
func (g *Group) read(w *worker) error {
	if g.delay > 0 {
		return g.readDue(w)
	}
	for i, f := range g.feeds {
		if f.over {
			continue
		}
		var err error
		w.units, err = f.r.Take(w.units[:0])
		if err != nil {
			if i == 0 {
				return err
			}
			f.over = true // the derived sound ended: silence
		}
		for _, u := range w.units {
			for l, t := range g.tracks {
				if t != nil && t.source == f.s && t.index == u.Track {
					g.add(w, l, t, u)
				}
			}
		}
		clear(w.units)
	}
	return nil
}

// add makes packets of a unit.
func (g *Group) add(w *worker, l int, t *track, u *media.Unit) {
	w.packets = t.packetizer.Packets(w.packets[:0], u)
	if len(w.packets) == 0 {
		return
	}
	t.pics++
	t.came = w.now
	t.time, t.ts = u.Time, w.packets[0].Timestamp
	size := 0
	for i := range w.packets {
		p := &w.packets[i]
		g.news = append(g.news, position{l, t.ring.next})
		size += len(p.Payload)
		t.ring.add(pkt{payload: p.Payload, at: u.DTS, pic: t.pics, ts: p.Timestamp, marker: p.Marker}, u.Key && i == 0)
	}
	t.meter.add(u.DTS, size)
	if l == videoLane {
		g.burst += size
	}
	clear(w.packets)
}

// hold reports whether there is nothing new now but sound that can wait for a picture.
func (g *Group) hold(w *worker) bool {
	pictures := g.tracks[videoLane]
	wait := len(g.news) > 0 && !g.joined && pictures != nil &&
		w.now.Sub(pictures.came) < time.Second // and some are coming
	for _, n := range g.news {
		wait = wait && n.lane == audioLane
	}
	switch {
	case !wait || !g.held.IsZero() && w.now.Sub(g.held) >= soundHold:
		g.held = time.Time{}
		return false
	case g.held.IsZero():
		g.held = w.now
	}
	g.until(g.held.Add(soundHold))
	return true
}

// until wants a pass at t at the latest.
func (g *Group) until(t time.Time) {
	if g.due.IsZero() || t.Before(g.due) {
		g.due = t
	}
}

// serveAll sends every viewer what is new.
func (g *Group) serveAll(w *worker) {
	if len(g.news) == 0 && !g.joined {
		return
	}
	report := w.now.Sub(g.reports) >= reportEvery && len(g.news) > 0
	if report {
		g.reports = w.now
	}
	live := g.viewers[:0]
	for _, v := range g.viewers {
		if v.ctx.Err() != nil {
			continue
		}
		live = append(live, v)
		g.serve(w, v, report)
	}
	clear(g.viewers[len(live):])
	g.viewers = live
	g.news, g.burst = g.news[:0], 0
}

// serve sends one viewer what is new, if it has had everything before.
func (g *Group) serve(w *worker, v *Viewer, report bool) {
	x, to, k := &v.send, v.to.Load(), v.keys.Load()
	if to == nil || k == nil {
		return
	}
	x.sequence.owes = x.sequence.owes || report
	if g.begin(w, v) {
		x.resend.init(w.now)
		x.sequence.owes = false
		g.report(w, v, to, k, true) // before its first picture; there is one behind that, too
	}
	g.reportBefore(w, v, to, k)
	if !x.late {
		x.sequence.haul = haul{}
	}
	before := x.sent
	if g.fill(w, v, to) {
		g.serveNews(w, v, to, k)
	}
	x.sequence.haul.add(w.now, x.sent-before)
	if l := &x.lanes[videoLane]; l.on && !l.waits && l.cursor != g.tracks[videoLane].ring.next {
		g.lag(v)
	} else {
		g.reportBehind(w, v, to, k)
	}
	x.tell(v)
}

// serveNews sends one viewer what is new, of pictures what its line takes.
func (g *Group) serveNews(w *worker, v *Viewer, to *datagram.Peer, k *keys) {
	for _, n := range g.news {
		l := &v.send.lanes[n.lane]
		switch {
		case !l.on || l.waits || l.cursor > n.pos:
			continue
		case n.lane == videoLane:
			if l.cursor != n.pos || !v.send.pacer.open() {
				continue
			}
		case l.cursor < n.pos:
			l.goTo(n.pos) // sound that found no room is past
		}
		g.next(w, v, to, k, l, &g.tracks[n.lane].ring)
	}
}

// tell adds what was sent to the viewer's session.
func (x *sending) tell(v *Viewer) {
	if x.sent > 0 {
		v.session.Sent.Add(uint64(x.sent)) //nolint:gosec // positive
		x.sent = 0
	}
}

// begin starts the lanes that wait and can start. It reports whether there were any.
func (g *Group) begin(w *worker, v *Viewer) bool {
	begun := false
	for i := range v.send.lanes {
		l, t := &v.send.lanes[i], g.tracks[i]
		switch {
		case !l.on || !l.waits:
			continue
		case !t.ring.hasKey:
			if t.pics > 0 {
				g.wantKeyFrame(w) // the group of pictures is larger than the ring
			}
			continue
		case i == videoLane:
			l.catchUp(&t.ring)
			l.now.ts -= g.early(w, t)
			v.send.beginPace(l, t)
			v.send.reportsTill = g.t.elapsed() + reportsTime
		default:
			l.goTo(g.firstNew(i, &t.ring)) // sound begins live
		}
		begun = true
	}
	return begun
}

// firstNew is the position of the first packet of a lane that came in this pass.
func (g *Group) firstNew(lane int, r *ring) uint64 {
	for _, n := range g.news {
		if n.lane == lane && r.has(n.pos) {
			return n.pos
		}
	}
	return r.next
}

// lag puts a viewer on the list of those that have not had everything.
func (g *Group) lag(v *Viewer) {
	if !v.send.late {
		v.send.late = true
		g.late = append(g.late, v)
	}
}

// serveLate sends the viewers that have not had everything their next slice.
func (g *Group) serveLate(w *worker) {
	still := g.late[:0]
	for _, v := range g.late {
		v.send.late = v.ctx.Err() == nil && g.catchUp(w, v)
		if v.send.late {
			still = append(still, v)
		}
	}
	clear(g.late[len(still):])
	g.late = still
	if len(still) > 0 {
		g.until(w.now.Add(sliceGap))
	}
}

// catchUp sends the next slice of the pictures that a viewer has not had yet, if it is due. It reports
// whether there are more.
func (g *Group) catchUp(w *worker, v *Viewer) bool {
	x, to, k := &v.send, v.to.Load(), v.keys.Load()
	l := &x.lanes[videoLane]
	if to == nil || k == nil || l.waits {
		return false
	}
	r := &g.tracks[videoLane].ring
	if !g.fill(w, v, to) || !x.pacer.open() {
		return l.cursor != r.next
	}
	switch {
	case l.cursor < r.first: // overtaken by the ring: go on at the newest key frame
		if l.waits = !r.hasKey; l.waits {
			return false
		}
		v.session.Lost.Add(r.key - l.cursor)
		l.catchUp(r)
	case r.hasKey && l.cursor < r.key && r.newest().at-r.at(l.cursor).at > maxLag: // the line is too slow
		v.session.Lost.Add(r.key - l.cursor)
		l.catchUp(r)
	}
	before := x.sent
	for l.cursor != r.next && x.pacer.open() {
		g.next(w, v, to, k, l, r)
	}
	x.sequence.haul.add(w.now, x.sent-before)
	if l.cursor == r.next {
		g.reportBehind(w, v, to, k)
	}
	x.tell(v)
	return l.cursor != r.next
}

// next sends the lane's next packet. 0 allocs.
func (g *Group) next(w *worker, v *Viewer, to *datagram.Peer, k *keys, l *lane, r *ring) {
	p := r.at(l.cursor)
	before := v.send.sent
	w.put(v, to, k, l, p, l.next(), l.now.timestamp(l.cursor, p))
	v.send.pacer.take(v.send.sent - before)
	l.cursor++
}

// put seals a packet into the batch.
func (w *worker) put(v *Viewer, to *datagram.Peer, k *keys, l *lane, p *pkt, index uint64, ts uint32) {
	dst := w.batch.Room(headerSize + extensionSize + len(p.payload) + maxTag)
	header(dst, l.pt, p.marker, index, ts, l.ssrc)
	if w.finish(v, to, k, dst, v.send.extend(dst, l.twcc), p.payload, index, l.ssrc) {
		l.packets++
		l.octets += uint32(len(p.payload)) //nolint:gosec // bounded by maxPayload
	}
}

// extend writes the header extension of a lane that has one now, and returns the length of the header.
func (x *sending) extend(dst []byte, id uint8) int {
	if id == 0 || !x.numbering {
		return headerSize
	}
	extension(dst, id, x.number)
	return headerSize + extensionSize
}

// finish seals and commits the packet whose header is the first n bytes of dst.
func (w *worker) finish(v *Viewer, to *datagram.Peer, k *keys, dst []byte, n int, payload []byte, index uint64, ssrc uint32) bool {
	size, err := k.seal.seal(dst, n, payload, index, ssrc, &w.nonce)
	if err != nil {
		return false // only pion's profiles can: the key has been used up
	}
	w.batch.Commit(to, size)
	x := &v.send
	if n > headerSize {
		x.log.note(x.number, size, x.at)
		x.number++
	}
	x.sent += size
	return true
}

// wantKeyFrame asks the publisher for a key frame, at most once in repeatGap.
func (g *Group) wantKeyFrame(w *worker) {
	if w.now.Sub(g.asked) >= repeatGap {
		g.asked = w.now
		g.t.wantKeyFrame(g.s)
	}
}
