package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xianfeng/internal/config"
	"xianfeng/internal/demo"
	"xianfeng/internal/keys"
	"xianfeng/internal/metrics"
	"xianfeng/internal/signin"
	"xianfeng/internal/store"
	"xianfeng/media"
	"xianfeng/media/datagram"
	"xianfeng/media/hls"
	"xianfeng/media/hls/lane"
	"xianfeng/media/rtc"
	"xianfeng/media/rtmp"
	"xianfeng/media/rtsp"
	"xianfeng/media/sound"
	"xianfeng/media/srt"
	"xianfeng/media/testcard"
	"xianfeng/media/whip"
	"xianfeng/recordings"
	"xianfeng/recordings/channel"
	"xianfeng/signaling/beacon"
	"xianfeng/signaling/ws"
	"xianfeng/web"
	"xianfeng/web/cache"
)

// demoStream is the name of the test card's stream.
const demoStream = "demo"

// keepFor is how much later streams may be shown over WHEP and yet begin at once, the first time too: by
// the second of the delays. Who is shown one with the third waits, once for each stream.
const keepFor = 2700 * time.Millisecond

// whepDelays are those of the profiles of broadcasts, less what a viewer's own buffer holds: programme time
// shown is the server's clock less 1.5, 3 or 8 s.
func whepDelays() []time.Duration {
	return []time.Duration{1200 * time.Millisecond, keepFor, 7700 * time.Millisecond}
}

// server is one running server. start and stop are called once, reload in between, all on one goroutine.
type server struct {
	opts  Options
	cfg   config.Config
	log   *slog.Logger
	level *slog.LevelVar

	keys     keys.Ring
	network  *network     // nil: media only
	seeded   *demo.Seeded // what --demo shows
	hub      *media.Hub
	hls      *hls.Server
	sources  *sources
	library  *recordings.Library
	recorder *recordings.Recorder
	channels *channel.Channels
	sockets  *ws.Server
	beacons  *beacon.Book               // nil: there are no broadcasts
	crowd    *crowd                     // nil: media only
	signin   *signin.Service            // nil: nobody can sign in
	remote   func(*http.Request) string // the address of who asks
	pages    net.Addr
	ready    atomic.Bool

	kept    *cache.Cache             // the sites' pages; nil: there are none
	refused map[string]func() uint64 // by protocol: datagrams that the kernel would not send

	parts  []part     // in the order of building
	failed chan error // capacity of one for each part that can fail; never full
}

// part is something that was built and has to be closed.
type part struct {
	name  string
	close func()
}

func (s *server) built(name string, stop func()) {
	s.parts = append(s.parts, part{name, stop})
}

// start builds the server. What it built before an error is for stop.
func (s *server) start(ctx context.Context, cfg config.Config) error {
	s.cfg = cfg
	s.failed = make(chan error, 8)
	s.refused = map[string]func() uint64{}
	if err := s.setAccess(cfg.Access); err != nil {
		return err
	}
	if err := s.startNetwork(ctx); err != nil {
		return err
	}
	if s.opts.Demo {
		if err := s.seedDemo(ctx); err != nil {
			return err
		}
	}
	s.hub = media.NewHub(media.HubConfig{Grace: cfg.Streams.Grace, Takeover: cfg.Streams.Takeover, MaxStreams: cfg.Streams.Max, Keep: keepFor, Log: s.log})
	s.built("streams", s.hub.Close)
	s.startLibrary()
	s.startSockets() // before anybody publishes: they are told of it

	transport, err := s.startRTC()
	if err != nil {
		return err
	}
	s.hls = hls.New(s.hub, s.gate(), hls.Config{PartDuration: cfg.HLS.Part, SegmentDuration: cfg.HLS.Segment, OnDemand: cfg.HLS.OnDemand, KeyFrom: web.KeyFrom})
	s.built("hls", s.hls.Close)
	var w *whip.Server
	if transport != nil {
		w = whip.New(s.hub, s.gate(), transport, whip.Config{KeyFrom: web.KeyFrom, Delays: whepDelays()})
		s.built("whip", w.Close)
	}

	if err := s.startDoors(); err != nil {
		return err
	}
	s.sources = newSources(s.hub, s.log, s.dataFile("sources.json"))
	s.built("sources", s.sources.close)
	if err := s.sources.load(); err != nil {
		return err
	}
	s.sources.configure(cfg.Sources)
	if err := s.startHTTP(ctx, w); err != nil {
		return err
	}
	if err := s.startMetrics(); err != nil {
		return err
	}
	if s.opts.Demo {
		s.startDemo()
	}
	s.ready.Store(true)
	return nil
}

func (s *server) gate() media.Gate {
	if s.opts.Open {
		return media.GateFunc(func(media.Access) error { return nil })
	}
	return &s.keys
}

// startRTC starts the WebRTC port with what turns AAC into Opus for it; nil where it is off.
func (s *server) startRTC() (*rtc.Transport, error) {
	if s.cfg.WebRTC.Address == config.Off {
		return nil, nil //nolint:nilnil // off is not a failure
	}
	c := rtc.Config{Address: s.cfg.WebRTC.Address, Sending: datagram.Mode(s.cfg.UDP.Sending), Log: s.log}
	for _, a := range s.cfg.WebRTC.Advertise {
		c.AdvertiseIPs = append(c.AdvertiseIPs, netip.MustParseAddr(a)) // config has checked it
	}
	if s.cfg.Sound.FFmpeg != config.Off {
		x := sound.New(s.cfg.Sound.FFmpeg, s.log)
		s.built("sound", x.Close)
		c.Sound = x
	}
	t := rtc.New(c)
	if err := t.Start(); err != nil {
		return nil, fmt.Errorf("start WebRTC on %s: %w", c.Address, err)
	}
	s.built("webrtc", t.Close)
	s.refused["webrtc"] = t.Refused
	return t, nil
}

// startDoors starts the protocols that have ports of their own.
func (s *server) startDoors() error {
	type door interface {
		Start() error
		Close()
	}
	c := &s.cfg
	for _, d := range []struct {
		name, address string
		door          door
	}{
		{"rtsp", c.RTSP.Address, rtsp.New(s.hub, s.gate(), rtsp.Config{Address: c.RTSP.Address, RTPAddress: c.RTSP.RTP, RTCPAddress: c.RTSP.RTCP, NoUDP: c.RTSP.RTP == config.Off, Sending: datagram.Mode(c.UDP.Sending)})},
		{"rtmp", c.RTMP.Address, rtmp.New(s.hub, s.gate(), rtmp.Config{Address: c.RTMP.Address})},
		{"srt", c.SRT.Address, srt.New(s.hub, s.gate(), srt.Config{Address: c.SRT.Address, Passphrase: c.SRT.Passphrase})},
	} {
		if d.address == config.Off {
			continue
		}
		if err := d.door.Start(); err != nil {
			return fmt.Errorf("start %s on %s: %w", d.name, d.address, err)
		}
		s.built(d.name, d.door.Close)
		if x, ok := d.door.(*rtsp.Server); ok {
			s.refused[d.name] = x.Refused
		}
	}
	return nil
}

// startHTTP starts the port of pages, API, HLS and signalling.
func (s *server) startHTTP(ctx context.Context, w *whip.Server) error { // w may be nil
	key, err := s.operatorKey(s.cfg.Access)
	if err != nil {
		return err
	}
	c := web.Config{
		Hub: s.hub, Gate: s.gate(), HLS: s.hls, Socket: s.sockets,
		Sources: s.sources, Ready: s.readiness, Log: s.log, APIKey: key, Open: s.opts.Open,
		RTSPPort: port(s.cfg.RTSP.Address), RTMPPort: port(s.cfg.RTMP.Address), SRTPort: port(s.cfg.SRT.Address),
	}
	if w != nil { // WebRTC is not off
		c.WHIP, c.WHEP = http.HandlerFunc(w.ServeWHIP), http.HandlerFunc(w.ServeWHEP)
	}
	through := func(h http.Handler) http.Handler { return h }
	if s.network != nil {
		if through, err = s.addSites(ctx, &c); err != nil {
			return fmt.Errorf("pages of the sites: %w", err)
		}
	}
	pages, err := web.New(c)
	if err != nil {
		return err
	}
	if s.network != nil {
		s.follow() // when all listen
	}
	if err := s.serve("http", s.cfg.HTTP, through(pages.Handler()), &lane.Config{HLS: s.hls, Lines: web.CommonLines, Admits: pages.Admits}); err != nil {
		return err
	}
	if s.network != nil {
		s.probe() // it asks the port
	}
	return nil
}

func (s *server) startMetrics() error {
	if s.cfg.Metrics.Address == config.Off {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics.Handler(s.hub, s.figures()...))
	return s.serve("metrics", config.HTTP{Address: s.cfg.Metrics.Address}, mux, nil)
}

// figures are those that only the parts know, not the hub.
func (s *server) figures() []prometheus.Collector {
	out := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "xianfeng_hls_waiting", Help: "HLS requests that wait for what is not there yet."}, func() float64 {
			n, _ := s.hls.Waiting()
			return float64(n)
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "xianfeng_hls_waiting_refused_total", Help: "HLS requests that found too many waiting."}, func() float64 {
			_, n := s.hls.Waiting()
			return float64(n)
		}),
	}
	out = append(out, s.keptFigures()...)
	out = append(out, s.socketFigures()...)
	if s.beacons != nil {
		out = append(out, beaconFigures{s.beacons})
	}
	for protocol, n := range s.refused {
		out = append(out, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "xianfeng_refused_datagrams_total", Help: "Datagrams to viewers that the kernel would not send.",
			ConstLabels: prometheus.Labels{"protocol": protocol},
		}, func() float64 { return float64(n()) }))
	}
	return out
}

// serve answers HTTP on one address until stop; fast, which may be nil, answers before h what it can.
func (s *server) serve(name string, c config.HTTP, h http.Handler, fast *lane.Config) error {
	ln, err := net.Listen("tcp", c.Address)
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if name == "http" {
		s.pages = ln.Addr()
	}
	x := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		// Longer than any playlist waits for its part, short enough for a viewer that vanished.
		WriteTimeout:   time.Minute,
		IdleTimeout:    2 * time.Minute,
		MaxHeaderBytes: 32 << 10,
		ErrorLog:       slog.NewLogLogger(s.log.With("part", name).Handler(), slog.LevelDebug),
	}
	done := make(chan struct{})
	// The goroutine ends when stop closes x, which waits for it.
	go func() {
		defer close(done)
		var err error
		switch {
		case c.Certificate != "":
			err = x.ServeTLS(ln, c.Certificate, c.Key)
		case fast != nil:
			err = lane.Serve(x, ln, *fast)
		default:
			err = x.Serve(ln)
		}
		if !errors.Is(err, http.ErrServerClosed) {
			s.failed <- fmt.Errorf("%s on %s: %w", name, c.Address, err)
		}
	}()
	s.built(name, func() {
		// Waiting playlists are let go by media/hls only after this; silent connections never are.
		ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
		defer cancel()
		if x.Shutdown(ctx) != nil {
			x.Close() //nolint:errcheck // what is left is cut
		}
		<-done
	})
	return nil
}

// startDemo begins the test card.
func (s *server) startDemo() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	// The goroutine ends with cancel; the part's close waits for it.
	go func() {
		defer close(done)
		if err := testcard.Run(ctx, s.hub, demoStream); err != nil && ctx.Err() == nil {
			s.failed <- fmt.Errorf("test card: %w", err)
		}
	}()
	s.built("test card", func() {
		cancel()
		<-done
	})
}

// readiness is what /readyz says.
func (s *server) readiness() error {
	if !s.ready.Load() {
		return errors.New("starting or stopping")
	}
	return nil
}

// stop closes everything in reverse, within stopWithin.
func (s *server) stop() error {
	s.ready.Store(false)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := len(s.parts) - 1; i >= 0; i-- {
			began := time.Now()
			s.parts[i].close()
			s.log.Debug("closed", "part", s.parts[i].name, "took", time.Since(began))
		}
	}()
	select {
	case <-done:
		s.log.Info("stopped")
		return nil
	case <-time.After(stopWithin):
		return fmt.Errorf("not everything was closed within %v", stopWithin)
	}
}

// port returns the port of an address, or 0 where there is none.
func port(address string) int {
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		return 0
	}
	return n
}

// announce tells whoever started the server where to go.
func (s *server) announce() {
	scheme := "http"
	if s.cfg.HTTP.Certificate != "" {
		scheme = "https"
	}
	base := fmt.Sprintf("%s://localhost:%d", scheme, port(s.pages.String()))
	out := s.opts.Stdout
	fmt.Fprintf(out, "\nXianfeng %s is on air: %s\n", Version(), base)
	switch {
	case s.opts.Demo:
		s.announceDemo(out, base)
		fmt.Fprintf(out, "\n  the test card   %s/live/%s\n  what is on air  %s/live\n  go live         %s/live/me/publish\n", base, demoStream, base, base)
		fmt.Fprintf(out, "\n  stream key      %s\n  operator's key  in %s\n", demoKey, s.keyPlace())
		fmt.Fprintf(out, "\n  ffmpeg -re -i FILE -c:v libx264 -bf 0 -g 50 -c:a aac -f rtsp -rtsp_transport tcp 'rtsp://localhost:%d/live/me?key=%s'\n", port(s.cfg.RTSP.Address), demoKey)
		fmt.Fprintf(out, "\nEverything is in a temporary folder and gone when you press Ctrl-C.\n\n")
	case s.opts.Open:
		fmt.Fprintf(out, "Open: whoever is on this machine may publish and watch.\n\n")
	default:
		fmt.Fprintf(out, "The key that may publish and change every stream is in %s\n", s.keyPlace())
		s.announceFirstSteps()
		fmt.Fprintln(out)
	}
}

// announceFirstSteps tells how an empty network gets its sites and somebody to look after them.
func (s *server) announceFirstSteps() {
	flags := "--data " + s.opts.DataDir
	if s.opts.ConfigFile != "" {
		flags += " --config " + s.opts.ConfigFile
	}
	if s.network.sites.Tree().Len() == 0 {
		fmt.Fprintf(s.opts.Stdout, "There are no sites yet:     xianfeng import %s sites.csv\n", flags)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	people, err := s.network.db.Accounts(ctx, store.AccountQuery{Limit: 1})
	if err != nil {
		s.log.Error("look for accounts", "error", err)
		return
	}
	if len(people) == 0 {
		fmt.Fprintf(s.opts.Stdout, "Nobody can sign in so far:  xianfeng account add %s --login admin --name NAME\n", flags)
	}
}

func (s *server) keyPlace() string {
	if s.cfg.Access.APIKey != "" {
		return s.opts.ConfigFile + " (access.apiKey)"
	}
	return s.dataFile(keyFile)
}
