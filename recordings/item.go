package recordings

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"xianfeng/media"
)

// Where an item comes from.
const (
	FromFile      = "file"
	FromBroadcast = "broadcast"
)

// Item is a picture with its sound that is kept. What there is of it never changes; a recording in the making grows.
type Item struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Origin  string    `json:"origin"`
	Source  string    `json:"source,omitempty"` // the file's name, the stream's
	Created time.Time `json:"created"`
	// Began is the programme time of its beginning; zero where it is not known.
	Began    time.Time     `json:"began,omitzero"`
	Duration time.Duration `json:"duration"` // of all segments, in nanoseconds
	Tracks   []Track       `json:"tracks"`
	Inits    int           `json:"inits"` // initialization sections

	// Open: it is being recorded. Touched is when that was last known: who records says so every few seconds.
	Open    bool      `json:"open,omitempty"`
	Touched time.Time `json:"touched"`

	Segments []Segment `json:"segments"`
}

// Track is what one of an item's tracks is at its beginning.
type Track struct {
	Codec      string  `json:"codec"`
	MIME       string  `json:"mime"` // RFC 6381
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	FPS        float64 `json:"fps,omitempty"`
	SampleRate int     `json:"sampleRate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
}

// Segment is one segment. The names are short because there are thousands.
type Segment struct {
	Duration time.Duration `json:"d"`
	Size     int64         `json:"n"`
	At       int64         `json:"t,omitempty"` // programme time of its beginning, ms since 1970; 0: not known
	Init     int           `json:"i,omitempty"` // its initialization section
	Break    bool          `json:"b,omitempty"` // it does not continue the one before
	Mid      bool          `json:"m,omitempty"` // it does not begin with a key frame
}

// Video reports whether the track is the picture.
func (t *Track) Video() bool { return t.SampleRate == 0 }

func newTrack(t *media.Track, p *media.Params) Track {
	out := Track{Codec: t.Codec.String(), MIME: t.MIMECodec(p)}
	switch {
	case !t.Codec.Video():
		out.SampleRate, out.Channels = t.SampleRate, t.Channels
	case p != nil:
		out.Width, out.Height, out.FPS = p.Width, p.Height, p.FPS
	}
	return out
}

// InitName is the piece of an initialization section.
func InitName(n int) string { return "i" + strconv.Itoa(n) + ".mp4" }

// SegmentName is the piece of a segment.
func SegmentName(n int) string { return "s" + strconv.Itoa(n) + ".mp4" }

// forgotten is after which silence a recording is taken to be over: whoever made it was killed.
const forgotten = 30 * time.Second

// Growing reports whether the item is being recorded at now.
func (it *Item) Growing(now time.Time) bool { return it.Open && now.Sub(it.Touched) < forgotten }

// Size is how many bytes its segments have.
func (it *Item) Size() (n int64) {
	for i := range it.Segments {
		n += it.Segments[i].Size
	}
	return n
}

// encode writes the index.
func (it *Item) encode() ([]byte, error) {
	b, err := json.Marshal(it)
	if err != nil {
		return nil, fmt.Errorf("item %s: %w", it.ID, err)
	}
	return b, nil
}

// decode reads an index and checks what others rely on.
func decode(id string, b []byte) (*Item, error) {
	it := &Item{}
	if err := json.Unmarshal(b, it); err != nil {
		return nil, fmt.Errorf("item %s: its index: %w", id, err)
	}
	it.ID, it.Duration = id, 0
	for i := range it.Segments {
		s := &it.Segments[i]
		if s.Duration <= 0 || s.Duration > maxDuration || s.Init < 0 || s.Init >= it.Inits {
			return nil, fmt.Errorf("item %s: its index: segment %d", id, i)
		}
		it.Duration += s.Duration
	}
	if it.Duration < 0 || it.Duration > maxDuration {
		return nil, fmt.Errorf("item %s: its index: it lasts %v", id, it.Duration)
	}
	return it, nil
}

// maxDuration is the longest that an item can last.
const maxDuration = 31 * 24 * time.Hour
