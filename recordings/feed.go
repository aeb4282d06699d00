package recordings

import (
	"errors"
	"fmt"
	"io"
	"time"

	"xianfeng/media"
	"xianfeng/recordings/mp4"
)

// feed is one track of a file on its way into units.
type feed struct {
	track  *mp4.Track
	forms  []*form // by sample description
	cursor mp4.Cursor
	delay  time.Duration // from the beginning of the movie to that of the track
	begin  int64         // samples presented before are left out; the track's units
	end    int64         // samples presented from here on are left out; 0: none
	shift  time.Duration // of the whole movie, so that nothing lies before the beginning

	next        mp4.Sample
	at          time.Duration // DTS of next
	done        bool
	skip        int64 // samples to leave out
	last        time.Duration
	lastKey     time.Duration
	lastSample  mp4.Sample
	any         bool
	firstParams *media.Params
}

// ignored are pictures that go with sound as its cover.
func ignored(t *mp4.Track) bool {
	switch t.Entries[0].Format {
	case "jpeg", "png ", "mjpg", "rle ":
		return true
	}
	return false
}

// choose takes the first picture and the first sound that is on.
func choose(f *mp4.File) ([]*feed, error) {
	var picture, sound *mp4.Track
	for _, t := range f.Tracks {
		if len(t.Entries) == 0 || t.Scale == 0 {
			continue
		}
		switch {
		case t.Kind == mp4.Picture && picture == nil && !ignored(t):
			picture = t
		case t.Kind == mp4.Sound && (sound == nil || !sound.Enabled && t.Enabled):
			sound = t
		}
	}
	var feeds []*feed
	begin := time.Duration(0)
	for _, t := range []*mp4.Track{picture, sound} {
		if t == nil {
			continue
		}
		x, err := newFeed(f, t)
		if err != nil {
			return nil, err
		}
		if t == picture {
			if err := x.seekKey(); err != nil {
				return nil, err
			}
			begin = x.time(x.begin)
		} else {
			// What ends before the picture begins: the priming of the encoder, or what was cut off.
			x.begin = t.Start + int64((begin-x.delay).Seconds()*float64(t.Scale))
		}
		feeds = append(feeds, x)
	}
	if len(feeds) == 0 {
		return nil, ErrNothing
	}
	for _, x := range feeds {
		x.shift = media.Origin - min(begin, 0)
		if err := x.advance(); err != nil {
			return nil, err
		}
	}
	return feeds, nil
}

func newFeed(f *mp4.File, t *mp4.Track) (*feed, error) {
	x := &feed{track: t, cursor: t.Samples()}
	for i := range t.Entries {
		form, err := newForm(&t.Entries[i])
		if err != nil {
			return nil, err
		}
		if i > 0 && !same(&form.track, &x.forms[0].track) {
			return nil, fmt.Errorf("%w: it changes in the middle", ErrCodec)
		}
		x.forms = append(x.forms, form)
	}
	x.delay = media.FromTicks(t.Delay, int(f.MovieScale()))
	x.begin = t.Start
	if x.delay > maxDuration {
		return nil, ErrLong
	}
	// A fragmented file does not know its length when its edit list is written.
	if t.Length > 0 && !f.Fragmented {
		x.end = t.Start + media.Ticks(media.FromTicks(t.Length, int(f.MovieScale())), int(t.Scale))
	}
	return x, nil
}

func same(a, b *media.Track) bool {
	return a.Codec == b.Codec && a.SampleRate == b.SampleRate && a.Channels == b.Channels
}

// time is when a time of the track is due in the movie.
func (x *feed) time(ticks int64) time.Duration {
	return x.delay + media.FromTicks(ticks-x.track.Start, int(x.track.Scale))
}

// seekKey looks for the key frame from which on the first picture that is to be shown can be decoded.
func (x *feed) seekKey() error {
	c := x.track.Samples()
	found, shown := false, false
	for n := int64(0); ; n++ {
		s, err := c.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err //nolint:wrapcheck // it says what
		}
		shown = shown || s.PTS+int64(s.Dur) > x.track.Start
		if found && s.PTS > x.track.Start {
			break
		}
		if s.Sync && (!found || s.PTS <= x.track.Start) {
			x.skip, x.begin, found = n, min(s.PTS, x.track.Start), true
		}
	}
	switch {
	case !found:
		return ErrNoKeys
	case !shown: // an edit list that begins behind the end
		return ErrNothing
	}
	return nil
}

// advance looks at the next sample.
func (x *feed) advance() error {
	for {
		s, err := x.cursor.Next()
		if errors.Is(err, io.EOF) {
			x.done = true
			return nil
		}
		if err != nil {
			return err //nolint:wrapcheck // it says what
		}
		if x.skip > 0 {
			x.skip--
			continue
		}
		if s.Size == 0 || x.end > 0 && s.PTS >= x.end || x.track.Kind == mp4.Sound && s.PTS+int64(s.Dur) <= x.begin {
			continue
		}
		at := x.shift + x.time(s.DTS)
		if at < 0 || at > maxDuration {
			return ErrLong
		}
		x.next, x.at = s, at
		return nil
	}
}

// read makes a unit of the next sample; nil where it is none that can be shown.
func (x *feed) read(r io.ReaderAt) (*media.Unit, error) {
	s, at := x.next, x.at
	if s.Size > maxSample {
		return nil, fmt.Errorf("%w: a picture of %d bytes", mp4.ErrDamaged, s.Size)
	}
	b := make([]byte, s.Size)
	if _, err := r.ReadAt(b, s.Offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	form := x.forms[s.Entry]
	payload, key, err := form.unit(b, s.Sync && x.track.Marked())
	if err != nil {
		return nil, err
	}
	x.lastSample = s
	video := x.track.Kind == mp4.Picture
	pts := x.shift + x.time(s.PTS)
	if x.any && at <= x.last {
		at = x.last + 50*time.Microsecond // times that stand still: decoders want them to go on
	}
	if video {
		switch {
		case x.any && at-x.last > longest:
			return nil, ErrGaps
		case !key && at-x.lastKey > keyDistance, !key && !x.any && s.DTS > int64(x.track.Scale)*30:
			return nil, ErrNoKeys
		case key:
			x.lastKey = at
		}
		if key && x.firstParams == nil {
			x.firstParams = form.params
		}
		if x.firstParams == nil {
			payload = nil // nothing before the first key frame can be shown
		}
	}
	if err := x.advance(); err != nil {
		return nil, err
	}
	if len(payload) == 0 {
		return nil, nil //nolint:nilnil // it is no failure
	}
	x.any, x.last = true, at
	u := &media.Unit{PTS: pts, DTS: at, Key: key, Payload: payload}
	if video {
		u.Params = form.params
	}
	for _, p := range payload {
		u.Size += len(p)
	}
	return u, nil
}

// lastDur is how long the last sample lasts.
func (x *feed) lastDur() time.Duration {
	return media.FromTicks(int64(x.lastSample.Dur), int(x.track.Scale))
}
