package main

import (
	"bufio"
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

var (
	uriAttr      = regexp.MustCompile(`URI="([^"]+)"`)
	durationAttr = regexp.MustCompile(`DURATION=([0-9.]+)`)
	holdAttr     = regexp.MustCompile(`PART-HOLD-BACK=([0-9.]+)`)
)

// variant is one media playlist of a programme.
type variant struct {
	uri   string
	video bool
}

// variants returns the first video variant and the audio renditions of a master playlist.
func variants(b []byte) (out []variant) {
	sc := bufio.NewScanner(bytes.NewReader(b))
	stream := false
	haveVideo := false
	for sc.Scan() {
		l := sc.Text()
		switch {
		case strings.HasPrefix(l, "#EXT-X-MEDIA:") && strings.Contains(l, "TYPE=AUDIO"):
			if m := uriAttr.FindStringSubmatch(l); m != nil {
				out = append(out, variant{m[1], false})
			}
		case strings.HasPrefix(l, "#EXT-X-STREAM-INF"):
			stream = true
		case stream && l != "" && l[0] != '#':
			if !haveVideo {
				out = append(out, variant{l, true})
				haveVideo = true
			}
			stream = false
		}
	}
	return out
}

// piece is a part, or a segment where there are no parts.
type piece struct {
	uri      string
	duration time.Duration
	key      bool // begins with a key frame
}

type mediaPlaylist struct {
	canBlock          bool
	target, hold      time.Duration
	init              string
	parts, segments   []piece
	nextMSN, nextPart int
}

// pieces returns what a viewer near the live edge fetches.
func (p *mediaPlaylist) pieces() []piece {
	if len(p.parts) > 0 {
		return p.parts
	}
	return p.segments
}

func parseMedia(b []byte) *mediaPlaylist {
	p := &mediaPlaylist{target: time.Second}
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, 1<<20)
	var length time.Duration
	for sc.Scan() {
		l := sc.Text()
		switch {
		case strings.HasPrefix(l, "#EXT-X-SERVER-CONTROL"):
			p.canBlock = strings.Contains(l, "CAN-BLOCK-RELOAD=YES")
			if m := holdAttr.FindStringSubmatch(l); m != nil {
				p.hold = seconds(m[1])
			}
		case strings.HasPrefix(l, "#EXT-X-TARGETDURATION:"):
			p.target = seconds(l[22:])
		case strings.HasPrefix(l, "#EXT-X-MEDIA-SEQUENCE:"):
			p.nextMSN, _ = strconv.Atoi(l[22:])
		case strings.HasPrefix(l, "#EXT-X-MAP:"):
			if m := uriAttr.FindStringSubmatch(l); m != nil {
				p.init = m[1]
			}
		case strings.HasPrefix(l, "#EXT-X-PART:"):
			part := piece{key: strings.Contains(l, "INDEPENDENT=YES")}
			if m := uriAttr.FindStringSubmatch(l); m != nil {
				part.uri = m[1]
			}
			if m := durationAttr.FindStringSubmatch(l); m != nil {
				part.duration = seconds(m[1])
			}
			if part.uri != "" {
				p.parts = append(p.parts, part)
			}
			p.nextPart++
		case strings.HasPrefix(l, "#EXTINF:"):
			number, _, _ := strings.Cut(l[8:], ",")
			length = seconds(number)
		case l != "" && l[0] != '#':
			p.segments = append(p.segments, piece{l, length, true})
			p.nextMSN++
			p.nextPart = 0
		}
	}
	if p.hold == 0 {
		p.hold = 3 * p.target
	}
	return p
}

func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f > 3600 {
		return 0
	}
	return time.Duration(f * float64(time.Second))
}

// playlists parses each playlist once, however many viewers get the same bytes: what a viewer's own
// machine would do is not to be the bottleneck of this one. Full at 64: emptied.
type playlists struct {
	mu   sync.Mutex // guards seen
	seen map[string]*mediaPlaylist
}

func (c *playlists) parse(a *answer) (*mediaPlaylist, error) {
	c.mu.Lock()
	p := c.seen[string(a.body)]
	c.mu.Unlock()
	if p != nil {
		return p, nil
	}
	text, err := a.unzip()
	if err != nil {
		return nil, err
	}
	p = parseMedia(text)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil || len(c.seen) >= 64 {
		c.seen = map[string]*mediaPlaylist{}
	}
	c.seen[string(a.body)] = p
	return p, nil
}
