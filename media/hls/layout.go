package hls

import (
	"strings"
	"time"

	"xianfeng/media"
)

// lane is one track on its way into parts.
type lane struct {
	index int // in Stream.Tracks
	track *media.Track
	id    uint32 // track ID in the fMP4
	rate  int    // time scale

	held  *media.Unit // newest unit: how long it lasts is known when the next one comes
	ready []sample    // units not yet in a part, with their durations
}

// sample is a unit with its place on the track's time scale.
type sample struct {
	unit *media.Unit
	dts  int64
	dur  uint32
}

// before returns how many ready units begin before end.
func (l *lane) before(end time.Duration) int {
	n := 0
	for n < len(l.ready) && l.ready[n].unit.DTS < end {
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
		switch t.Codec {
		case media.H264, media.H265, media.AV1, media.VP9, media.AAC, media.Opus:
			l := &lane{index: i, track: t, id: uint32(len(lanes) + 1), rate: t.ClockRate()}
			if t.Codec.Video() && len(lanes) > 0 {
				lanes = append([]*lane{l}, lanes...) // the lane that parts are cut by comes first
				continue
			}
			lanes = append(lanes, l)
		default:
			// Neither VP8 nor G.711 has a place in HLS that players accept.
			left = append(left, t.Codec.String())
		}
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
