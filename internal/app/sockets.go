package app

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xianfeng/internal/signin"
	"xianfeng/internal/site"
	"xianfeng/signaling"
	"xianfeng/signaling/broadcast"
	"xianfeng/signaling/live"
	"xianfeng/signaling/ws"
	"xianfeng/web/kit"
)

// startSockets starts what pages are connected to. Who offers topics or commands tells it before HTTP is served.
func (s *server) startSockets() {
	c := ws.Config{
		Max: s.cfg.Sockets.Max, MaxPerAddress: s.cfg.Sockets.PerAddress,
		Lang: func(r *http.Request) string { return string(kit.LangOf(r)) }, TLS: kit.OverTLS, Log: s.log,
	}
	if s.network != nil {
		c.Account, c.Remote = s.account, func(r *http.Request) string { return s.remote(r) }
	}
	s.sockets = ws.New(c)
	s.built("sockets", s.sockets.Close)
	s.sockets.Provide(live.Prefix, live.New(s.hub, s.gate()))
	s.hub.OnNews(func(name string) { s.sockets.Touch(live.Tag(name)) })
	if s.network != nil {
		s.network.listen(s.touched)
		air := &broadcast.Topics{Programme: s.network.air, Count: s.sockets.Count, Touch: s.sockets.Touch}
		s.sockets.Provide(broadcast.SitePrefix, air)
		s.sockets.Provide(broadcast.TopicPrefix, air)
		s.run("viewers of broadcasts", air.Run)
		s.startBeacons()
	}
}

// touched is told the tags of what was written.
func (s *server) touched(tags []string) {
	s.sockets.Touch(tags...)
	for _, t := range tags {
		if n, ok := strings.CutPrefix(t, "account:"); ok {
			if id, err := strconv.ParseInt(n, 10, 64); err == nil {
				s.sockets.Renew(site.AccountID(id))
			}
		}
	}
}

// account says who asks, and until when that is certain: a page that stays open does not keep its session alive.
func (s *server) account(r *http.Request) signaling.Account {
	v := signin.FromContext(r.Context())
	if v == nil {
		return signaling.Account{}
	}
	until := v.Session.Expires
	if idle := time.Now().Add(s.signin.Rules().Session.Idle); idle.Before(until) {
		until = idle
	}
	return signaling.Account{Who: v.Who(), Name: v.Account.Name, Until: until}
}

// socketFigures tell how the sockets do.
func (s *server) socketFigures() []prometheus.Collector {
	gauge := func(name, help string, n func(ws.Figures) int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "xianfeng_" + name, Help: help}, func() float64 { return float64(n(s.sockets.Figures())) })
	}
	count := func(name, help string, n func(ws.Figures) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "xianfeng_" + name + "_total", Help: help}, func() float64 { return float64(n(s.sockets.Figures())) })
	}
	return []prometheus.Collector{
		gauge("sockets", "Pages that are connected.", func(f ws.Figures) int { return f.Sockets }),
		gauge("socket_topics", "Topics that pages follow.", func(f ws.Figures) int { return f.Topics }),
		count("sockets_opened", "Sockets that were opened.", func(f ws.Figures) uint64 { return f.Opened }),
		count("sockets_foreign", "Those of them that pages of other origins opened.", func(f ws.Figures) uint64 { return f.Foreign }),
		count("sockets_refused", "Sockets that were one too many.", func(f ws.Figures) uint64 { return f.Refused }),
		count("sockets_slow", "Sockets that were closed because they did not read.", func(f ws.Figures) uint64 { return f.Slow }),
		count("sockets_abused", "Sockets that were closed for what they sent.", func(f ws.Figures) uint64 { return f.Abused }),
		count("socket_messages", "Messages that came.", func(f ws.Figures) uint64 { return f.Messages }),
		count("socket_commands", "Commands among them.", func(f ws.Figures) uint64 { return f.Commands }),
		count("socket_values", "Values of topics that were made.", func(f ws.Figures) uint64 { return f.Values }),
		count("socket_values_sent", "Values of topics that were sent.", func(f ws.Figures) uint64 { return f.Sent }),
	}
}
