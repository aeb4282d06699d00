package hls

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"xianfeng/media"
)

const (
	holdBackParts = 3 // §4.4.3.8: PART-HOLD-BACK is at least twice, better three times the part target
	skipTargets   = 6 // §4.4.3.8: CAN-SKIP-UNTIL is at least six times the target duration
	partTargets   = 3 // §4.4.4.9: parts are listed for the last three target durations
)

// appendPlaylist renders the media playlist; skip > 0 makes it a delta update without that many segments.
func (s *snapshot) appendPlaylist(b []byte, skip int) []byte {
	listed := s.kept[s.listed:]
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:"...) // 9: EXT-X-SKIP
	b = strconv.AppendInt(b, int64(s.target), 10)
	b = append(b, "\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK="...)
	b = appendSeconds(b, holdBackParts*s.part, 3)
	b = append(b, ",CAN-SKIP-UNTIL="...)
	b = strconv.AppendInt(b, int64(skipTargets*s.target), 10)
	b = append(b, "\n#EXT-X-PART-INF:PART-TARGET="...)
	b = appendSeconds(b, s.part, 3)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	first := s.msn
	if len(listed) > 0 {
		first = listed[0].msn
	}
	b = strconv.AppendUint(b, first, 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	b = strconv.AppendUint(b, s.passed, 10)
	b = append(b, '\n')
	if skip > 0 {
		b = append(b, "#EXT-X-SKIP:SKIPPED-SEGMENTS="...)
		b = strconv.AppendInt(b, int64(skip), 10)
		b = append(b, '\n')
	}
	var init *section
	left := s.length()
	for i, g := range listed {
		if i >= skip {
			b, init = appendMap(b, &g.opening, init)
			if left < partTargets*time.Duration(s.target)*time.Second {
				b = append(b, g.lines...)
			}
			b = append(b, g.tail...)
		}
		left -= g.dur
	}
	if s.open != nil && len(s.parts) > 0 {
		b, _ = appendMap(b, s.open, init)
		for _, p := range s.parts {
			b = append(b, p.line...)
		}
	}
	if s.ended {
		return append(b, "#EXT-X-ENDLIST\n"...)
	}
	b = append(b, `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="`...)
	b = append(b, fileName(s.id, 'p', s.hint)...)
	return append(b, "\"\n"...)
}

// length is how long everything that is listed lasts.
func (s *snapshot) length() time.Duration {
	var d time.Duration
	for _, g := range s.kept[s.listed:] {
		d += g.dur
	}
	for _, p := range s.parts {
		d += p.dur
	}
	return d
}

// skippable returns how many segments a delta update leaves out: those that lie wholly before the
// skip boundary (§6.2.5.1).
func (s *snapshot) skippable() int {
	left, boundary := s.length(), skipTargets*time.Duration(s.target)*time.Second
	n := 0
	for _, g := range s.kept[s.listed:] {
		if left -= g.dur; left < boundary {
			break
		}
		n++
	}
	return n
}

// appendMap writes the tags in front of a segment, with its EXT-X-MAP where it differs from the one before.
func appendMap(b []byte, o *opening, before *section) ([]byte, *section) {
	if o.disc {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	if o.init != before {
		b = append(b, `#EXT-X-MAP:URI="`...)
		b = append(b, o.init.name...)
		b = append(b, "\"\n"...)
	}
	return append(b, o.head...), o.init
}

// appendHead writes when, in programme time, the first picture of a segment is shown: rounded, as what players
// reckon with are milliseconds, and never made up from the lengths of the segments before.
func appendHead(b []byte, at time.Time) []byte {
	b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
	b = at.UTC().Round(time.Millisecond).AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, '\n')
}

func appendPart(b []byte, p *part) []byte {
	b = append(b, "#EXT-X-PART:DURATION="...)
	b = appendSeconds(b, p.dur, 5)
	b = append(b, `,URI="`...)
	b = append(b, p.name...)
	b = append(b, '"')
	if p.independent {
		b = append(b, ",INDEPENDENT=YES"...)
	}
	return append(b, '\n')
}

func appendTail(b []byte, d time.Duration, name string) []byte {
	b = append(b, "#EXTINF:"...)
	b = appendSeconds(b, d, 5)
	b = append(b, ",\n"...)
	b = append(b, name...)
	return append(b, '\n')
}

func appendSeconds(b []byte, d time.Duration, digits int) []byte {
	return strconv.AppendFloat(b, d.Seconds(), 'f', digits, 64)
}

// master is the multivariant playlist.
type master struct {
	plain  blob
	zip    *compressor
	once   sync.Once
	zipped blob
}

func newMaster(id string, num int, lanes []*lane, p *media.Params, peak, average float64, zip *compressor) *master {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-STREAM-INF:BANDWIDTH=")
	b.WriteString(strconv.FormatInt(int64(peak), 10))
	b.WriteString(",AVERAGE-BANDWIDTH=")
	b.WriteString(strconv.FormatInt(int64(average), 10))
	b.WriteString(`,CODECS="`)
	for i, l := range lanes {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(l.Track.MIMECodec(p))
	}
	b.WriteByte('"')
	if lanes[0].Track.Codec.Video() && p != nil {
		if p.Width > 0 && p.Height > 0 {
			b.WriteString(",RESOLUTION=" + strconv.Itoa(p.Width) + "x" + strconv.Itoa(p.Height))
		}
		if p.FPS > 0 {
			b.WriteString(",FRAME-RATE=" + strconv.FormatFloat(p.FPS, 'f', 3, 64))
		}
	}
	b.WriteString("\nmedia.m3u8\n")
	m := &master{zip: zip}
	text := []byte(b.String())
	m.plain = blob{body: text, etag: []string{`"` + id + "-m" + strconv.Itoa(num) + `"`}, length: []string{strconv.Itoa(len(text))}}
	return m
}

// gzip returns the compressed form, made at the first request.
func (m *master) gzip() *blob {
	m.once.Do(func() {
		z := m.zip.compress(m.plain.body)
		tag := m.plain.etag[0]
		m.zipped = blob{body: z, etag: []string{tag[:len(tag)-1] + `-z"`}, length: []string{strconv.Itoa(len(z))}}
	})
	return &m.zipped
}
