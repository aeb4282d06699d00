package hls

import (
	"bytes"
	"compress/gzip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"xianfeng/media"
)

// blob is immutable bytes with the headers that go with them, made once.
type blob struct {
	name   string
	body   []byte
	etag   []string // header values, shared by all answers
	length []string
}

// newBlob names b after its kind ('i' initialization, 'p' part, 's' segment) and number. The muxer's random id
// makes the name one that no other run of the server ever gave to other bytes, so that caches may
// keep it for ever; knowing it is also the permission to fetch it.
func newBlob(id string, kind byte, num uint64, b []byte) blob {
	name := fileName(id, kind, num)
	return blob{name: name, body: b, etag: []string{`"` + name + `"`}, length: []string{strconv.Itoa(len(b))}}
}

func fileName(id string, kind byte, num uint64) string {
	return id + "_" + string(kind) + strconv.FormatUint(num, 10) + ".mp4"
}

// section is an initialization section.
type section struct {
	blob
	num    uint64
	params *media.Params // for the muxer's goroutine only
}

func newSection(id string, num uint64, b []byte, p *media.Params) *section {
	return &section{blob: newBlob(id, 'i', num, b), num: num, params: p}
}

// part is a partial segment.
type part struct {
	blob
	num         uint64
	dur         time.Duration
	independent bool
	line        []byte // its EXT-X-PART
}

// opening is what is known of a segment when it begins.
type opening struct {
	msn  uint64
	init *section
	disc bool
	head []byte // the tags in front of it, without EXT-X-MAP
}

// segment is a complete segment; its bytes are those of its parts.
type segment struct {
	opening
	parts  []*part
	dur    time.Duration
	size   int
	lines  []byte // EXT-X-PART of all parts
	tail   []byte // EXTINF and URI
	etag   []string
	length []string
}

func newSegment(id string, o *opening, parts []*part) *segment {
	g := &segment{opening: *o, parts: parts}
	for _, p := range parts {
		g.dur += p.dur
		g.size += len(p.body)
		g.lines = append(g.lines, p.line...)
	}
	name := fileName(id, 's', g.msn)
	g.tail = appendTail(nil, g.dur, name)
	g.etag, g.length = []string{`"` + name + `"`}, []string{strconv.Itoa(g.size)}
	return g
}

// The pages of a snapshot.
const (
	pageFull = iota
	pageDelta
	pageZip  // added to one of the above
	_        // pageDelta + pageZip
	numPages // not a page
)

// page is one form of the media playlist, made at most once.
type page struct {
	once  sync.Once
	asked atomic.Bool // by a viewer
	blob
}

// snapshot is everything that can be asked for at one moment. It does not change, except that its pages are
// filled in when they are first needed.
type snapshot struct {
	next chan struct{} // closed when there is a newer snapshot

	id     string
	edge   string        // in entity tags: how far the playlist goes
	part   time.Duration // the part target
	target int           // the target duration, seconds; 0: there is no playlist yet
	ended  bool
	init   *section
	msn    uint64   // of the segment in the making
	open   *opening // nil: it has not begun
	parts  []*part  // of the segment in the making
	hint   uint64   // number of the next part
	kept   []*segment
	listed int
	passed uint64
	master *master
	zip    *compressor
	pages  [numPages]page
}

// ready reports whether there is a media playlist. It has one complete segment at least: hls.js takes one
// with parts alone for empty.
func (s *snapshot) ready() bool { return s.target > 0 && len(s.kept) > s.listed }

// page returns one form of the playlist, making it if nobody did.
func (s *snapshot) page(kind int) *page {
	p := &s.pages[kind]
	p.once.Do(func() {
		switch kind {
		case pageFull:
			p.blob = s.blob(s.appendPlaylist(nil, 0), "")
		case pageDelta:
			p.blob = s.page(pageFull).blob
			if skip := s.skippable(); skip > 0 {
				p.blob = s.blob(s.appendPlaylist(nil, skip), "-d")
			}
		case pageFull + pageZip:
			p.blob = s.blob(s.zip.compress(s.page(pageFull).body), "-z")
		default:
			p.blob = s.page(pageFull + pageZip).blob
			if s.skippable() > 0 {
				p.blob = s.blob(s.zip.compress(s.page(pageDelta).body), "-dz")
			}
		}
	})
	return p
}

// ask returns the form of the playlist that a viewer asks for, and has it made in time from now on.
func (s *snapshot) ask(delta, zipped bool) *page {
	kind := pageFull
	if delta {
		kind = pageDelta
	}
	if zipped {
		kind += pageZip
	}
	p := s.page(kind)
	if !p.asked.Load() {
		p.asked.Store(true)
	}
	return p
}

func (s *snapshot) blob(b []byte, form string) blob {
	return blob{body: b, etag: []string{`"` + s.id + "-" + s.edge + form + `"`}, length: []string{strconv.Itoa(len(b))}}
}

// has reports whether a blocking reload for a part (or, with part < 0, the whole segment) can be answered.
func (s *snapshot) has(msn uint64, part int) bool {
	switch {
	case s.ended:
		return true
	case msn == s.msn:
		return part >= 0 && part < len(s.parts)
	case msn+1 == s.msn && part >= 0 && len(s.kept) > 0 && part >= len(s.kept[len(s.kept)-1].parts):
		// §6.2.5.2: a part past the end of its segment means the first one of the next.
		return len(s.parts) > 0
	default:
		return msn < s.msn
	}
}

// tooFar reports whether a blocking reload asks for more than two segments, or more parts than fit into
// three seconds, past the end (§6.2.5.2).
func (s *snapshot) tooFar(msn uint64, part int) bool {
	if s.ended {
		return false
	}
	advance := 3
	if s.part > 0 && s.part < time.Second {
		advance = int((3*time.Second + s.part - 1) / s.part)
	}
	switch {
	case msn > s.msn+1:
		return true
	case msn == s.msn+1:
		return part > advance
	case msn == s.msn:
		return part > len(s.parts)-1+advance
	default:
		return false
	}
}

// findPart returns a part, or false if it is gone or not there yet.
func (s *snapshot) findPart(num uint64) (*part, bool) {
	if p, ok := partIn(s.parts, num); ok {
		return p, true
	}
	for i := len(s.kept) - 1; i >= 0; i-- {
		if p, ok := partIn(s.kept[i].parts, num); ok {
			return p, true
		}
	}
	return nil, false
}

func partIn(parts []*part, num uint64) (*part, bool) {
	if len(parts) == 0 || num < parts[0].num || num-parts[0].num >= uint64(len(parts)) {
		return nil, false
	}
	return parts[num-parts[0].num], true
}

// findSegment returns a complete segment.
func (s *snapshot) findSegment(msn uint64) (*segment, bool) {
	if len(s.kept) == 0 || msn < s.kept[0].msn || msn-s.kept[0].msn >= uint64(len(s.kept)) {
		return nil, false
	}
	return s.kept[msn-s.kept[0].msn], true
}

// findInit returns an initialization section that something still uses.
func (s *snapshot) findInit(num uint64) (*section, bool) {
	if s.init != nil && s.init.num == num {
		return s.init, true
	}
	for _, g := range s.kept {
		if g.init.num == num {
			return g.init, true
		}
	}
	return nil, false
}

// compressor lends gzip writers, which are large (800 kB), to whoever makes a page.
type compressor struct{ pool sync.Pool }

func (c *compressor) compress(b []byte) []byte {
	z, ok := c.pool.Get().(*gzip.Writer)
	var out bytes.Buffer
	out.Grow(len(b)/4 + 64)
	if !ok {
		z = gzip.NewWriter(&out)
	} else {
		z.Reset(&out)
	}
	_, _ = z.Write(b) // a bytes.Buffer takes everything
	_ = z.Close()
	c.pool.Put(z)
	return out.Bytes()
}
