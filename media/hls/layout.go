package hls

import (
	"strings"
	"time"

	"xianfeng/media"
	"xianfeng/media/fmp4"
)

// lane is one track on its way into parts.
type lane struct {
	index int // in Stream.Tracks
	fmp4.Lane

	held  *media.Unit   // newest unit: how long it lasts is known when the next one comes
	ready []fmp4.Sample // units not yet in a part, with their durations
}

// before returns how many ready units begin before end.
func (l *lane) before(end time.Duration) int {
	n := 0
	for n < len(l.ready) && l.ready[n].Unit.DTS < end {
		n++
	}
	return n
}

// carried decides what the one rendition of a stream holds, and names what has to be left out.
//
// Picture and sound share one rendition, and so one fMP4: that halves the requests of every viewer, and
// requests, not bytes, are what a server of parts this small pays for.
func carried(tracks []media.Track) (lanes []*lane, left []string) {
	for i := range tracks {
		t := &tracks[i]
		if !fmp4.Carries(t.Codec) {
			left = append(left, t.Codec.String())
			continue
		}
		l := &lane{index: i, Lane: fmp4.Lane{Track: t, ID: uint32(len(lanes) + 1), Rate: t.ClockRate()}}
		if t.Codec.Video() && len(lanes) > 0 {
			lanes = append([]*lane{l}, lanes...) // the lane that parts are cut by comes first
			continue
		}
		lanes = append(lanes, l)
	}
	return lanes, left
}

// leftNote is what the status pages say about tracks that are not carried.
func leftNote(left []string) string {
	if len(left) == 0 {
		return ""
	}
	return strings.Join(left, " and ") + " can't be carried over HLS"
}

// outgoing is the lanes as they are written.
func outgoing(lanes []*lane) []*fmp4.Lane {
	out := make([]*fmp4.Lane, len(lanes))
	for i, l := range lanes {
		out[i] = &l.Lane
	}
	return out
}
