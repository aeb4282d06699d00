package rtc

import "xianfeng/media"

// together is how much before its time a unit may go, so that what is due at nearly the same time goes in
// one burst. Delayed viewers hold more than that anyway.
const together = soundHold

// readDue is read for viewers who are shown the stream later: it takes what is due. The units wait in the
// stream's own ring, so that nothing is bounded here, and the worker's timer wakes the group for the next.
func (g *Group) readDue(w *worker) error {
	until := w.now.Add(together - g.delay)
	g.dry.Store(true) // from here on no unit comes unnoticed
	dry, left := false, false
	var ended error
	for _, f := range g.feeds {
		if f.over {
			continue
		}
		t := g.tracks[f.lane]
		units, next, err := f.d.Take(w.units[:0], until)
		if len(units) == 0 && f.lane == g.lead() && t.pics == 0 && len(g.viewers) > 0 && !next.IsZero() {
			// Nobody could be shown anything: a viewer's first picture comes at once, before its time.
			units, next, err = f.d.Take(units, next)
		}
		for _, u := range units {
			g.add(w, f.lane, t, u)
		}
		clear(units)
		w.units = units[:0]
		switch {
		case err != nil:
			f.over = true
			ended = err
			continue
		case next.IsZero():
			dry = true
		default:
			g.until(next.Add(g.delay))
		}
		left = left || f.s == g.s
	}
	if !dry {
		g.dry.Store(false)
	}
	if left {
		return nil
	}
	return ended
}

// lead is the lane that viewers begin with.
func (g *Group) lead() int {
	if g.tracks[videoLane] != nil {
		return videoLane
	}
	return audioLane
}

// early returns, in ticks, how long before its time the newest packet of a track was taken: where a first
// picture is, it stands for the time until it is due.
func (g *Group) early(w *worker, t *track) uint32 {
	if g.delay == 0 {
		return 0
	}
	d := t.time.Add(g.delay).Sub(w.now)
	if d <= together {
		return 0
	}
	return uint32(media.Ticks(d, t.media.ClockRate())) //nolint:gosec // modulo 2^32, as timestamps are
}
