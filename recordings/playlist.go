package recordings

import (
	"strconv"
	"time"
)

// TargetDuration is what no segment exceeds when rounded, in seconds (RFC 8216 §4.3.3.1).
const TargetDuration = 10

// AppendPlaylist writes the item's media playlist: an event while it is being recorded, and whole afterwards. It is
// the same in every process.
func (it *Item) AppendPlaylist(b []byte, now time.Time) []byte {
	growing := it.Growing(now)
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, TargetDuration, 10)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:"...)
	if growing {
		b = append(b, "EVENT\n"...)
	} else {
		b = append(b, "VOD\n"...)
	}
	init := -1
	for i := range it.Segments {
		s := &it.Segments[i]
		if s.Break && i > 0 {
			b = append(b, "#EXT-X-DISCONTINUITY\n"...)
		}
		if s.Init != init {
			init = s.Init
			b = append(b, `#EXT-X-MAP:URI="`...)
			b = append(b, InitName(init)...)
			b = append(b, "\"\n"...)
		}
		if s.At != 0 {
			b = AppendProgramTime(b, time.UnixMilli(s.At))
		}
		b = AppendDuration(b, s.Duration)
		b = append(b, SegmentName(i)...)
		b = append(b, '\n')
	}
	if !growing {
		b = append(b, "#EXT-X-ENDLIST\n"...)
	}
	return b
}

// AppendProgramTime writes EXT-X-PROGRAM-DATE-TIME.
func AppendProgramTime(b []byte, at time.Time) []byte {
	b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
	b = at.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, '\n')
}

// AppendDuration writes EXTINF.
func AppendDuration(b []byte, d time.Duration) []byte {
	b = append(b, "#EXTINF:"...)
	b = strconv.AppendFloat(b, d.Seconds(), 'f', 6, 64)
	return append(b, ",\n"...)
}
