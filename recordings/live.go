package recordings

import (
	"strconv"
	"time"
)

const (
	liveBehind = 30 * time.Second                             // how far back a playlist of an item on air goes
	liveAhead  = 3*TargetDuration*time.Second - 3*time.Second // and how far it runs before the clock, as a channel's does
)

// AppendLive writes the item's playlist as a live stream that began at from: everybody sees the same at the same moment,
// and programme time is the time on the wall. prefix leads from the playlist to the item's pieces. It is a function of
// the item and the time.
func (it *Item) AppendLive(b []byte, from, now time.Time, prefix string) []byte {
	begin, end := now.Add(-liveBehind), now.Add(liveAhead)
	first, disc, at := 0, 0, from
	for first < len(it.Segments)-1 && !at.Add(it.Segments[first].Duration).After(begin) {
		at = at.Add(it.Segments[first].Duration)
		if first++; it.Segments[first].Break {
			disc++
		}
	}
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, TargetDuration, 10)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendInt(b, int64(first), 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	b = append(strconv.AppendInt(b, int64(disc), 10), '\n')
	init := -1
	for i := first; i < len(it.Segments); i++ {
		s := &it.Segments[i]
		next := at.Add(s.Duration)
		if next.After(end) {
			return b
		}
		if s.Break && i > first {
			b = append(b, "#EXT-X-DISCONTINUITY\n"...)
		}
		if s.Init != init {
			init = s.Init
			b = append(append(append(append(b, `#EXT-X-MAP:URI="`...), prefix...), InitName(init)...), "\"\n"...)
		}
		b = AppendProgramTime(b, at)
		b = AppendDuration(b, s.Duration)
		b = append(append(append(b, prefix...), SegmentName(i)...), '\n')
		at = next
	}
	if !it.Growing(now) {
		b = append(b, "#EXT-X-ENDLIST\n"...)
	}
	return b
}
