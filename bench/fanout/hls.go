package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"time"
)

// hlsViewer plays as a browser's player does: master playlist, then per rendition a media playlist
// that it reloads (blocking reload where the server offers it), fetching each new part or segment once.
type hlsViewer struct {
	ctx       context.Context
	cancel    context.CancelFunc
	r         *reader
	playlists *playlists
	bearer    string
	jar       *cookiejar.Jar
	wg        sync.WaitGroup
}

// openHLS returns once each rendition has brought media.
func openHLS(master, bearer string, shared *playlists, r *reader) (*hlsViewer, error) {
	base, err := url.Parse(master)
	if err != nil {
		return nil, err
	}
	h := &hlsViewer{r: r, playlists: shared, bearer: bearer}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.jar, _ = cookiejar.New(nil) // without options it can't fail
	if err := h.start(base); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

func (h *hlsViewer) close() {
	h.cancel()
	h.wg.Wait()
}

// line opens a connection that ends with the viewer.
func (h *hlsViewer) line() *line {
	return &line{ctx: h.ctx, bearer: h.bearer, jar: h.jar}
}

func (h *hlsViewer) start(base *url.URL) error {
	l := h.line()
	var text []byte
	for try := 0; ; try++ {
		a, err := l.get(base)
		if err == nil {
			text, err = a.unzip()
			base = a.url
		}
		if err == nil {
			break
		}
		if try == 20 {
			return err
		}
		time.Sleep(250 * time.Millisecond)
	}
	all := variants(text)
	if len(all) == 0 {
		all = []variant{{base.String(), true}}
	}
	first := make(chan error, len(all))
	for i, v := range all {
		u, err := base.Parse(v.uri)
		if err != nil {
			return err
		}
		if i > 0 {
			l = h.line()
		}
		f := &rendition{h: h, line: l, url: u, first: first, video: v.video}
		h.wg.Add(1)
		go f.follow() // ends with h.ctx; close waits for it
	}
	for range all {
		select {
		case err := <-first:
			if err != nil {
				return err
			}
		case <-time.After(30 * time.Second):
			return errors.New("no media within 30 s")
		}
	}
	return nil
}

// rendition is one media playlist of a viewer, followed by one goroutine over one connection.
type rendition struct {
	h     *hlsViewer
	line  *line
	url   *url.URL
	first chan error
	told  bool
	video bool

	seen   map[string]bool
	player player
}

func (f *rendition) tell(err error) {
	if !f.told {
		f.told = true
		f.first <- err
	}
}

func (f *rendition) follow() {
	defer f.h.wg.Done()
	defer f.line.close()
	f.seen = map[string]bool{}
	query := ""
	fails := 0
	for f.h.ctx.Err() == nil {
		target := *f.url
		if query != "" {
			if target.RawQuery != "" {
				target.RawQuery += "&"
			}
			target.RawQuery += query
		}
		p, at, err := f.reload(&target)
		if err != nil {
			if fails++; fails > 20 {
				f.tell(err)
				return
			}
			query = ""
			time.Sleep(200 * time.Millisecond)
			continue
		}
		fails = 0
		if err := f.fetch(p, at, query != ""); err != nil {
			f.tell(err)
			return
		}
		switch {
		case !p.canBlock:
			time.Sleep(p.target / 2)
		case len(p.parts) == 0:
			query = fmt.Sprintf("_HLS_msn=%d", p.nextMSN)
		default:
			query = fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", p.nextMSN, p.nextPart)
		}
	}
}

func (f *rendition) reload(u *url.URL) (*mediaPlaylist, time.Time, error) {
	a, err := f.line.get(u)
	if err != nil {
		return nil, time.Time{}, err
	}
	at := time.Now()
	p, err := f.h.playlists.parse(a)
	return p, at, err
}

// fetch gets what is new in a playlist that came at the given time, waited telling that the server
// held it back until its last part was there.
func (f *rendition) fetch(p *mediaPlaylist, at time.Time, waited bool) error {
	pieces := p.pieces()
	if len(f.seen) == 0 {
		pieces = pieces[f.h.join(f, p):]
	}
	var last time.Time
	for _, x := range pieces {
		if f.seen[x.uri] {
			continue
		}
		f.seen[x.uri] = true
		u, err := f.url.Parse(x.uri)
		if err != nil {
			return err
		}
		a, err := f.line.get(u)
		if err != nil {
			continue // the player goes on with the next one; it will stall or not
		}
		now := time.Now()
		if stamp := f.h.r.blob(a.body, now, f.video); !stamp.IsZero() {
			last = stamp
		}
		if x.key && f.video {
			f.h.r.haveKey(now)
		}
		if stall := f.player.have(now, x.duration, p.hold); stall > 0 {
			f.h.r.stalled(stall)
		}
		f.tell(nil)
	}
	// Of what it has seen, a player keeps what the playlist still lists.
	if len(f.seen) > 4*len(p.pieces())+64 {
		f.seen = map[string]bool{}
		for _, x := range p.pieces() {
			f.seen[x.uri] = true
		}
	}
	if waited && !last.IsZero() {
		// The part is whole when the access unit after its last one comes.
		f.h.r.answeredAfter(at.Sub(last) - time.Duration(float64(time.Second)/f.h.r.fps))
	}
	return nil
}

// join returns the index of the first piece to fetch: the newest that begins with a key frame, after
// what the stream's header is. Where none does, near the live edge.
func (h *hlsViewer) join(f *rendition, p *mediaPlaylist) int {
	if p.init != "" {
		if u, err := f.url.Parse(p.init); err == nil {
			f.line.get(u) //nolint:errcheck // what a player would fail of, the parts will tell
		}
	}
	pieces := p.pieces()
	from := max(0, len(pieces)-3)
	if f.video {
		for i := len(pieces) - 1; i >= 0; i-- {
			if pieces[i].key {
				from = i
				break
			}
		}
	}
	for _, x := range pieces[:from] {
		f.seen[x.uri] = true
	}
	return from
}

// player is the clock of a viewer that starts once it holds what the server tells it to hold back,
// and waits whenever it has played all it has.
type player struct {
	held    time.Duration // of media, since it joined
	started time.Time     // when media time zero was played, stalls taken off
	begun   bool
}

// have adds a piece and returns how long the player stood still before it.
func (p *player) have(now time.Time, length, hold time.Duration) (stall time.Duration) {
	if p.begun {
		if dry := now.Sub(p.started.Add(p.held)); dry > 0 {
			stall = dry
			p.started = p.started.Add(dry)
		}
	}
	p.held += length
	if !p.begun && p.held >= hold {
		p.begun, p.started = true, now
	}
	return stall
}
