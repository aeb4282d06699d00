package hls

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"sync"
	"time"

	"github.com/bluenviron/gohlslib/v2"
	"github.com/bluenviron/gohlslib/v2/pkg/codecs"

	"xianfeng/media"
)

const (
	pullAnswer  = 10 * time.Second // to an answer's first byte; a blocked reload takes longer: see pullBlocked
	pullBlocked = 60 * time.Second // RFC 8216bis §6.2.5.2: three target durations at the most
	pullSilence = 60 * time.Second // without a sample: the source is taken for dead
	pullTrust   = 5 * time.Second  // age up to which PROGRAM-DATE-TIME is believed: a relay shows what its source does
	pullBody    = 32 << 20         // bytes of one answer, after decompression; no sane segment is larger
)

var (
	errSilent   = fmt.Errorf("no media for %v", pullSilence)
	errTooLarge = errors.New("the answer is too large")
)

// Source pulls one stream from an HLS address. It is a media.Source.
type Source struct {
	url *url.URL
	log *slog.Logger
}

// NewSource returns a source for the http or https address of a multivariant or a media playlist. The address may
// hold a user and a password, and secrets in its query: it is not logged.
func NewSource(address string, log *slog.Logger) (*Source, error) {
	// The parser's errors quote the address.
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("HLS source: the address must be http(s)://HOST[:PORT]/PATH")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Source{url: u, log: log}, nil
}

// Remote returns the host and path of the source, without credentials and query.
func (s *Source) Remote() string {
	return (&url.URL{Scheme: s.url.Scheme, Host: s.url.Host, Path: s.url.Path}).String()
}

// Trust implements media.Trusted.
func (s *Source) Trust() time.Duration { return pullTrust }

// Run pulls until the source ends, fails or falls silent, or ctx ends, and returns why.
func (s *Source) Run(ctx context.Context, publish func([]media.Track) (*media.Publisher, error)) error {
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: pullAnswer}).DialContext,
		TLSHandshakeTimeout: pullAnswer, ResponseHeaderTimeout: pullBlocked, MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout: pullBlocked, MaxConnsPerHost: 8,
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
	}
	defer transport.CloseIdleConnections()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("pull HLS: %w", err)
	}
	alive := time.NewTimer(pullSilence)
	defer alive.Stop()
	quiet := func(string) {}
	c := &gohlslib.Client{
		URI:        s.url.String(),
		HTTPClient: &http.Client{Transport: limiter{transport}, Jar: jar},
		// These default to printing addresses, which may hold secrets.
		OnDownloadPrimaryPlaylist: quiet, OnDownloadStreamPlaylist: quiet, OnDownloadSegment: quiet, OnDownloadPart: quiet,
		OnDecodeError: func(err error) { s.log.Debug("pulled HLS: sample lost", "protocol", "hls", "error", err) },
	}
	p := &puller{client: c, alive: alive, log: s.log}
	c.OnTracks = func(tracks []*gohlslib.Track) error { return p.start(tracks, publish) }
	if err := c.Start(); err != nil {
		return fmt.Errorf("pull HLS: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait2() }() // ends with the client, which Close below ends; capacity 1: never blocks
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-alive.C:
		err = errSilent
	}
	c.Close()
	p.close()
	if err == nil || errors.Is(err, gohlslib.ErrClientEOS) {
		err = media.ErrEnded
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // u itself quotes the address, with its query
	}
	return fmt.Errorf("pull HLS: %w", err)
}

// puller writes what the client brings. Its client calls one callback per track, each on a goroutine of its own,
// while a publisher takes one sample at a time.
type puller struct {
	client *gohlslib.Client
	alive  *time.Timer
	log    *slog.Logger

	mu  sync.Mutex // guards pub
	pub *media.Publisher
}

func (p *puller) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pub != nil {
		p.pub.Close()
	}
}

// start publishes the first picture and the first sound of the source.
func (p *puller) start(in []*gohlslib.Track, publish func([]media.Track) (*media.Publisher, error)) error {
	var tracks []media.Track
	var from []*gohlslib.Track
	var has [2]bool
	for _, t := range in {
		x, ok := trackOf(t)
		kind := 0
		if ok && x.Codec.Video() {
			kind = 1
		}
		if !ok || has[kind] {
			p.log.Info("pulled HLS: track left out", "protocol", "hls", "codec", fmt.Sprintf("%T", t.Codec))
			continue
		}
		has[kind] = true
		tracks, from = append(tracks, x), append(from, t)
	}
	if len(tracks) == 0 {
		return media.ErrCodec
	}
	pub, err := publish(tracks)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.pub = pub
	p.mu.Unlock()
	for i, t := range from {
		p.connect(i, t)
	}
	return nil
}

// connect has the samples of one track written.
func (p *puller) connect(i int, t *gohlslib.Track) {
	rate := t.ClockRate
	write := func(pts, dts int64, hasDTS bool, payload [][]byte) {
		x := media.Sample{PTS: media.FromTicks(pts, rate), DTS: media.FromTicks(dts, rate), HasDTS: hasDTS, Payload: payload}
		if at, ok := p.client.AbsoluteTime(t); ok {
			x.Capture = at
		}
		p.alive.Reset(pullSilence)
		p.mu.Lock()
		defer p.mu.Unlock()
		// It fails only when the publisher was closed, and then ctx ends as well.
		_ = p.pub.Write(i, x)
	}
	switch t.Codec.(type) {
	case *codecs.H264, *codecs.H265:
		p.client.OnDataH26x(t, func(pts, dts int64, au [][]byte) { write(pts, dts, true, au) })
	case *codecs.AV1:
		p.client.OnDataAV1(t, func(pts int64, tu [][]byte) { write(pts, 0, false, tu) })
	case *codecs.VP9:
		p.client.OnDataVP9(t, func(pts int64, frame []byte) { write(pts, 0, false, [][]byte{frame}) })
	case *codecs.MPEG4Audio:
		p.client.OnDataMPEG4Audio(t, func(pts int64, aus [][]byte) { write(pts, 0, false, aus) })
	case *codecs.Opus:
		p.client.OnDataOpus(t, func(pts int64, packets [][]byte) { write(pts, 0, false, packets) })
	}
}

// trackOf translates a track, and reports false for what streams don't carry.
func trackOf(t *gohlslib.Track) (media.Track, bool) {
	if t.ClockRate <= 0 {
		return media.Track{}, false
	}
	switch c := t.Codec.(type) {
	case *codecs.H264:
		p, err := media.NewH264Params(c.SPS, c.PPS)
		return media.Track{Codec: media.H264, Params: known(p, err)}, true
	case *codecs.H265:
		p, err := media.NewH265Params(c.VPS, c.SPS, c.PPS)
		return media.Track{Codec: media.H265, Params: known(p, err)}, true
	case *codecs.AV1:
		p, err := media.NewAV1Params(c.SequenceHeader)
		return media.Track{Codec: media.AV1, Params: known(p, err)}, true
	case *codecs.VP9:
		return media.Track{Codec: media.VP9}, true
	case *codecs.MPEG4Audio:
		config := c.Config
		return media.NewAACTrack(&config), true
	case *codecs.Opus:
		return media.Track{Codec: media.Opus, SampleRate: 48000, Channels: c.ChannelCount}, true
	default:
		return media.Track{}, false
	}
}

// known drops parameters that do not parse: the key frames bring theirs.
func known(p *media.Params, err error) *media.Params {
	if err != nil {
		return nil
	}
	return p
}

// limiter bounds the answers.
type limiter struct{ next http.RoundTripper }

func (l limiter) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("get playlist or segment: %w", err)
	}
	if res.ContentLength > pullBody {
		_ = res.Body.Close()
		return nil, errTooLarge
	}
	res.Body = &limitedBody{ReadCloser: res.Body, left: pullBody}
	return res, nil
}

// limitedBody fails where io.LimitReader would only stop.
type limitedBody struct {
	io.ReadCloser
	left int
}

func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err //nolint:wrapcheck // io.EOF must stay what it is
}

var _ media.Trusted = (*Source)(nil)
