package web

import (
	"fmt"
	"net/http"
	"strconv"

	"xianfeng/media"
	"xianfeng/web/kit"
)

// Bounds of the delay at which all viewers of a stream can be held, in milliseconds.
const (
	syncLeast = 500
	syncMost  = 30_000
)

type watchPage struct {
	frame
	Name string
	Via  string
	Sync int    // milliseconds between the server's clock and what is shown, the same for all; 0: as live as can be
	HLS  string // addresses for other players; "": not offered
	RTSP string
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if media.CheckName(name) != nil {
		s.failPage(w, r, http.StatusNotFound, messages(kit.LangOf(r)).FailName)
		return
	}
	if s.exchangeKey(w, r, name) {
		return
	}
	f := s.frame(r, "live")
	f.Title, f.Dark = fmt.Sprintf(f.T.WatchTitle, name), true
	p := watchPage{frame: f, Name: name, Via: "auto"}
	if via := r.URL.Query().Get("via"); via == "hls" || via == "whep" {
		p.Via = via
	}
	if ms, err := strconv.Atoi(r.URL.Query().Get("sync")); err == nil && ms > 0 {
		p.Sync = max(syncLeast, min(syncMost, ms))
	}
	a := s.addresses(r, name)
	p.RTSP = a.RTSP
	if s.cfg.HLS != nil {
		p.HLS = a.Site + "/live/" + name + "/index.m3u8"
	}
	// The page is the same whether or not the stream is there or the key is right: the player finds
	// out and says so, since only what the page itself asks for carries the key's SameSite=Strict
	// cookie when the visitor comes from a link on another site.
	s.show(w, r, "watch", p)
}
