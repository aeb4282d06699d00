package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// openHLS plays as a browser player does: master playlist, then per rendition a media playlist
// that it reloads (blocking reload where the server offers it), fetching each new part or segment once.
func openHLS(master, bearer string, r *reader) (func(), error) {
	ctx, cancel := context.WithCancel(context.Background())
	jar, _ := cookiejar.New(nil)
	h := &hlsClient{
		ctx: ctx, r: r, bearer: bearer,
		http: &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: false}},
	}
	base, err := url.Parse(master)
	if err != nil {
		cancel()
		return nil, err
	}
	var body []byte
	for try := 0; ; try++ {
		body, base, err = h.get(base.String())
		if err == nil || try > 20 {
			break
		}
		time.Sleep(250 * time.Millisecond)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	uris := variants(body)
	if len(uris) == 0 {
		uris = []string{base.String()}
	}
	first := make(chan error, len(uris))
	for _, u := range uris {
		ref, err := base.Parse(u)
		if err != nil {
			cancel()
			return nil, err
		}
		go h.follow(ref, first)
	}
	for range uris {
		select {
		case err := <-first:
			if err != nil {
				cancel()
				return nil, err
			}
		case <-time.After(30 * time.Second):
			cancel()
			return nil, errors.New("no media within 30 s")
		}
	}
	return cancel, nil
}

type hlsClient struct {
	ctx    context.Context
	http   *http.Client
	r      *reader
	bearer string
}

func (h *hlsClient) get(u string) ([]byte, *url.URL, error) {
	req, err := http.NewRequestWithContext(h.ctx, "GET", u, nil)
	if err != nil {
		return nil, nil, err
	}
	if h.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+h.bearer)
	}
	resp, err := h.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != 200 {
		return nil, nil, fmt.Errorf("%s answered %d", u, resp.StatusCode)
	}
	return b, resp.Request.URL, nil
}

var uriAttr = regexp.MustCompile(`URI="([^"]+)"`)

// variants returns the first video variant and the audio renditions of a master playlist.
func variants(b []byte) []string {
	var out []string
	sc := bufio.NewScanner(bytes.NewReader(b))
	stream := false
	haveVideo := false
	for sc.Scan() {
		l := sc.Text()
		switch {
		case strings.HasPrefix(l, "#EXT-X-MEDIA:") && strings.Contains(l, "TYPE=AUDIO"):
			if m := uriAttr.FindStringSubmatch(l); m != nil {
				out = append(out, m[1])
			}
		case strings.HasPrefix(l, "#EXT-X-STREAM-INF"):
			stream = true
		case stream && l != "" && l[0] != '#':
			if !haveVideo {
				out = append(out, l)
				haveVideo = true
			}
			stream = false
		}
	}
	return out
}

func (h *hlsClient) follow(u *url.URL, first chan error) {
	told := false
	tell := func(err error) {
		if !told {
			told = true
			first <- err
		}
	}
	seen := map[string]bool{}
	query := ""
	fails := 0
	for h.ctx.Err() == nil {
		target := *u
		if query != "" {
			q := target.Query()
			qq, _ := url.ParseQuery(query)
			for k := range qq {
				q.Set(k, qq.Get(k))
			}
			target.RawQuery = q.Encode()
		}
		b, _, err := h.get(target.String())
		if err != nil {
			if fails++; fails > 20 {
				tell(err)
				return
			}
			query = ""
			time.Sleep(200 * time.Millisecond)
			continue
		}
		fails = 0
		pl := parseMedia(b)
		uris := pl.parts
		if len(uris) == 0 {
			uris = pl.segments
		}
		if len(seen) == 0 && len(uris) > 3 { // join near the live edge
			for _, s := range uris[:len(uris)-3] {
				seen[s] = true
			}
		}
		for _, s := range uris {
			if seen[s] {
				continue
			}
			seen[s] = true
			ref, err := u.Parse(s)
			if err != nil {
				tell(err)
				return
			}
			if data, _, err := h.get(ref.String()); err == nil {
				h.r.payload(data)
				tell(nil)
			}
		}
		if pl.canBlock {
			query = fmt.Sprintf("_HLS_msn=%d&_HLS_part=%d", pl.nextMSN, pl.nextPart)
			if len(pl.parts) == 0 {
				query = fmt.Sprintf("_HLS_msn=%d", pl.nextMSN)
			}
		} else {
			time.Sleep(time.Duration(pl.target*500) * time.Millisecond)
		}
	}
}

type mediaPlaylist struct {
	canBlock          bool
	target            float64
	parts, segments   []string
	nextMSN, nextPart int
}

func parseMedia(b []byte) mediaPlaylist {
	var p mediaPlaylist
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, 1<<20)
	p.target = 1
	for sc.Scan() {
		l := sc.Text()
		switch {
		case strings.HasPrefix(l, "#EXT-X-SERVER-CONTROL"):
			p.canBlock = strings.Contains(l, "CAN-BLOCK-RELOAD=YES")
		case strings.HasPrefix(l, "#EXT-X-TARGETDURATION:"):
			p.target, _ = strconv.ParseFloat(l[22:], 64)
		case strings.HasPrefix(l, "#EXT-X-MEDIA-SEQUENCE:"):
			p.nextMSN, _ = strconv.Atoi(l[22:])
		case strings.HasPrefix(l, "#EXT-X-PART:"):
			if m := uriAttr.FindStringSubmatch(l); m != nil {
				p.parts = append(p.parts, m[1])
			}
			p.nextPart++
		case l != "" && l[0] != '#':
			p.segments = append(p.segments, l)
			p.nextMSN++
			p.nextPart = 0
		}
	}
	return p
}
