package whip

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"xianfeng/media/rtc"
)

// viewer is the end of a WHEP session.
type viewer struct {
	t *rtc.Transport
	v *rtc.Viewer
}

// postWHEP makes a viewer.
func (s *Server) postWHEP(r *http.Request, name string, offer []byte) (*session, []byte, error) {
	delay, err := s.delay(r)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), openTime)
	defer cancel()
	stream, err := s.hub.Open(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	v, answer, err := s.rtc.View(stream, offer, rtc.Request{Protocol: "whep", Remote: r.RemoteAddr, Delay: delay})
	if err != nil {
		return nil, nil, err
	}
	x := &session{id: newID(), name: name, protocol: "whep", etag: newETag(), end: viewer{s.rtc, v}}
	if err := s.add(x); err != nil {
		v.Close(err)
		return nil, nil, err
	}
	v.AfterDone(func() { s.drop(x) })
	return x, answer, nil
}

// delay is how much later than it happens the viewer wants to be shown the stream.
func (s *Server) delay(r *http.Request) (time.Duration, error) {
	q := r.URL.Query().Get("delay")
	if q == "" || q == "0" {
		return 0, nil
	}
	var known []string
	for _, d := range s.cfg.Delays {
		ms := strconv.FormatInt(d.Milliseconds(), 10)
		if q == ms {
			return d, nil
		}
		known = append(known, ms)
	}
	return 0, fmt.Errorf("%w: it may be one of 0 %s", errDelay, strings.Join(known, " "))
}

// patch needs no candidates: ours is a lite agent, which learns addresses from checks.
func (p viewer) patch(f *fragment, remote string) (string, error) {
	if f.ufrag == "" || f.ufrag == p.v.RemoteUfrag() {
		return "", nil
	}
	ufrag, pwd := p.v.Restart(f.ufrag)
	return fmt.Sprintf("a=ice-lite\r\na=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", ufrag, pwd) + p.t.Candidates(remote, true), nil
}

func (p viewer) close(err error) { p.v.Close(err) }
