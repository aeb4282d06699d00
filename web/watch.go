package web

import (
	"fmt"
	"net/http"

	"xianfeng/media"
	"xianfeng/web/kit"
)

type watchPage struct {
	frame
	Name string
	Via  string
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
