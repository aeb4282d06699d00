package web

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"xianfeng/media"
	"xianfeng/web/kit"
)

// addresses is where a stream can be brought and fetched, as people have to type it.
type addresses struct {
	Site    string // scheme and host
	WHIP    string
	RTMP    string // without the name, as OBS wants it
	RTMPKey string
	SRT     string
	RTSP    string
}

type publishPage struct {
	frame
	Name     string
	WHIP     bool
	NeedsKey bool
	Send     addresses
}

func (s *Server) publish(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if media.CheckName(name) != nil {
		s.failPage(w, r, http.StatusNotFound, messages(kit.LangOf(r)).FailName)
		return
	}
	f := s.frame(r, "")
	f.Title, f.Dark = fmt.Sprintf(f.T.PubTitle, name), true
	p := publishPage{frame: f, Name: name, WHIP: s.cfg.WHIP != nil, Send: s.addresses(r, name)}
	err := s.cfg.Gate.Allow(media.Access{Action: media.Publish, Stream: name, Protocol: "http", Remote: r.RemoteAddr})
	if p.NeedsKey = errors.Is(err, media.ErrDenied); p.NeedsKey {
		key := f.T.PubKeyPlace
		p.Send.RTMPKey += "?key=" + key
		if p.Send.RTSP != "" {
			p.Send.RTSP += "?key=" + key
		}
		if p.Send.SRT != "" {
			p.Send.SRT += "?key=" + key
		}
	}
	s.show(w, r, "publish", p)
}

// addresses works out how the visitor reaches the server from the address in use.
func (s *Server) addresses(r *http.Request, name string) addresses {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	} else if len(host) > 2 && host[0] == '[' {
		host = host[1 : len(host)-1]
	}
	at := func(port int) string { return net.JoinHostPort(host, strconv.Itoa(port)) }
	site := url.URL{Scheme: "http", Host: r.Host}
	if kit.OverTLS(r) {
		site.Scheme = "https"
	}
	a := addresses{Site: site.String(), RTMPKey: name}
	a.WHIP = a.Site + "/live/" + name + "/whip"
	if p := s.cfg.RTMPPort; p != 0 {
		a.RTMP = "rtmp://" + at(p) + "/live"
	}
	if p := s.cfg.SRTPort; p != 0 {
		a.SRT = "srt://" + at(p) + "?streamid=publish:live/" + name
	}
	if p := s.cfg.RTSPPort; p != 0 {
		a.RTSP = "rtsp://" + at(p) + "/live/" + name
	}
	return a
}
