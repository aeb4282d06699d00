package recordings

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"time"

	"xianfeng/media"
	"xianfeng/recordings/mp4"
)

// Why a file that is an MP4 can't be played as it is.
var (
	ErrNothing = errors.New("there is neither a picture nor sound in it")
	ErrNoKeys  = errors.New("its key frames are missing, or more than a minute apart: nobody could begin to watch in between")
	ErrGaps    = errors.New("its pictures are more than ten seconds apart")
	ErrShort   = errors.New("it lasts less than a tenth of a second")
	ErrLong    = errors.New("it lasts longer than a month")
)

const (
	fileSegment = 4 * time.Second
	keyDistance = time.Minute
	maxSample   = 32 << 20 // bytes
)

// AddOptions say what a file is.
type AddOptions struct {
	Title string // "": of its name
	Name  string // of the file
	// Progress is told how many bytes of picture and sound are through; nil: nobody is.
	Progress func(bytes int64)
}

// Add makes an item of an MP4 file of size bytes, whole or not at all. Its memory does not grow with the file.
func (l *Library) Add(ctx context.Context, r io.ReaderAt, size int64, o AddOptions) (*Item, error) {
	f, err := mp4.Open(r, size)
	if err != nil {
		return nil, err //nolint:wrapcheck // it says what
	}
	feeds, err := choose(f)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(o.Name)
	it := &Item{
		ID: newID(), Title: cleanTitle(o.Title, strings.TrimSuffix(name, filepath.Ext(name))), Origin: FromFile, Source: cleanTitle(name, "file"),
		Created: l.now().UTC(), Touched: l.now().UTC(),
	}
	if err := l.take(ctx, it, r, feeds, o.Progress); err != nil {
		// Also where ctx is over: what is half made is of no use to anybody.
		return nil, errors.Join(err, l.store.Delete(context.WithoutCancel(ctx), it.ID))
	}
	return it, nil
}

// take cuts all there is into the item, and writes its index.
func (l *Library) take(ctx context.Context, it *Item, r io.ReaderAt, feeds []*feed, progress func(int64)) error {
	tracks := make([]media.Track, len(feeds))
	for i, x := range feeds {
		tracks[i] = x.forms[0].track
	}
	c := newCutter(tracks, fileSegment, func(p piece) error {
		if it.Duration > maxDuration {
			return ErrLong
		}
		return l.put(ctx, it, p)
	})
	if m := feeds[0].track.Matrix; feeds[0].track.Kind == mp4.Picture {
		c.turn = func(init []byte) { turn(init, m) }
	}
	var seq uint64
	var read int64
	for {
		x := earliest(feeds)
		if x == nil {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		u, err := x.read(r)
		if err != nil {
			return err
		}
		if u == nil {
			continue
		}
		u.Seq, u.Track = seq, index(feeds, x)
		seq++
		if err := c.push(u); err != nil {
			return err
		}
		if read += int64(u.Size); progress != nil && seq%1024 == 0 {
			progress(read)
		}
	}
	for _, t := range c.tracks {
		t.pace = feeds[t.index].lastDur()
	}
	if err := c.finish(); err != nil {
		return err
	}
	if feeds[0].track.Kind == mp4.Picture && !feeds[0].any {
		return ErrNoKeys
	}
	if it.Duration < 100*time.Millisecond {
		return ErrShort
	}
	for i, x := range feeds {
		it.Tracks = append(it.Tracks, newTrack(&tracks[i], x.firstParams))
	}
	return l.save(ctx, it)
}

// turn has the picture turned as the file says: telephones film upright and note which way is up. The matrix of the
// first tkhd, which is the picture's, is at a fixed place in it.
func turn(init []byte, matrix [36]byte) {
	i := strings.Index(string(init), "tkhd")
	if matrix == ([36]byte{}) || i < 0 || len(init) < i+4+76 || init[i+4] != 0 {
		return
	}
	copy(init[i+4+40:], matrix[:])
}

func index(feeds []*feed, x *feed) int {
	for i := range feeds {
		if feeds[i] == x {
			return i
		}
	}
	return 0
}

// earliest returns the feed whose next sample is due first; nil: all are through.
func earliest(feeds []*feed) (x *feed) {
	for _, f := range feeds {
		if !f.done && (x == nil || f.at < x.at) {
			x = f
		}
	}
	return x
}
