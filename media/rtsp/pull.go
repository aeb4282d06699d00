package rtsp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"

	"xianfeng/media"
)

// Source pulls a stream from a camera or another server. It is a media.Source.
type Source struct {
	url       *base.URL
	transport *gortsplib.Transport // nil: UDP, and TCP where no packet comes
	log       *slog.Logger
}

// NewSource returns a source for an address rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH, or rtsps. transport
// is "tcp", "udp", or "auto" (also ""), which tries UDP and goes on with TCP where no packet comes.
func NewSource(address, transport string, log *slog.Logger) (*Source, error) {
	// The parsers' errors quote the address, in which there may be a password.
	u, err := base.ParseURL(address)
	if err != nil || u.Host == "" {
		return nil, errors.New("RTSP source: the address must be rtsp://[USER:PASSWORD@]HOST[:PORT]/PATH")
	}
	x := &Source{url: u, log: log}
	var t gortsplib.Transport
	switch transport {
	case "tcp":
		t = gortsplib.TransportTCP
		x.transport = &t
	case "udp":
		t = gortsplib.TransportUDP
		x.transport = &t
	case "auto", "":
	default:
		return nil, fmt.Errorf("RTSP source: transport %.20q is not tcp, udp or auto", transport)
	}
	return x, nil
}

// Remote returns the host and path of the source, without credentials and query.
func (x *Source) Remote() string {
	return (&base.URL{Scheme: x.url.Scheme, Host: x.url.Host, Path: x.url.Path}).String()
}

// Run pulls until the source fails or ctx ends.
func (x *Source) Run(ctx context.Context, publish func([]media.Track) (*media.Publisher, error)) error {
	var pub atomic.Pointer[media.Publisher]
	c := &gortsplib.Client{
		Scheme: x.url.Scheme, Host: x.url.Host, Transport: x.transport, UserAgent: "xianfeng",
		UDPReadBufferSize: 0, // the kernel's default: gortsplib fails where it can't have what it asks for
		OnTransportSwitch: func(err error) { x.log.Info("source changes transport", "remote", x.Remote(), "error", err) },
		OnDecodeError:     func(err error) { x.log.Debug("packet refused", "remote", x.Remote(), "error", err) },
		OnPacketsLost: func(n uint64) {
			if p := pub.Load(); p != nil {
				p.AddLost(n)
			}
		},
	}
	if err := c.Start2(); err != nil {
		return fmt.Errorf("pull %s: %w", x.Remote(), err)
	}
	defer c.Close()
	// Requests don't take a context; closing the client ends them. stop waits for nothing.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	if err := x.play(c, cancel, publish, &pub); err != nil {
		return fmt.Errorf("pull %s: %w", x.Remote(), err)
	}
	if err := c.Wait(); err != nil {
		return fmt.Errorf("pull %s: %w", x.Remote(), err)
	}
	return nil
}

// play sets the client up to publish what it receives. broken is called when nobody takes it any more.
func (x *Source) play(c *gortsplib.Client, broken func(), publish func([]media.Track) (*media.Publisher, error), pub *atomic.Pointer[media.Publisher]) error {
	desc, _, err := c.Describe(x.url)
	if err != nil {
		return fmt.Errorf("describe: %w", err)
	}
	in, err := newIngest("", desc, x.log)
	if err != nil {
		return err
	}
	for i, input := range in.inputs {
		if i > 0 && input.media == in.inputs[i-1].media {
			continue
		}
		if _, err := c.Setup(desc.BaseURL, input.media, 0, 0); err != nil {
			return fmt.Errorf("setup: %w", err)
		}
	}
	p, err := publish(in.tracks())
	if err != nil {
		return err
	}
	pub.Store(p)
	in.bind(c, p, broken)
	if _, err := c.Play(nil); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	return nil
}
