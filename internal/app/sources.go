package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"xianfeng/internal/config"
	"xianfeng/media"
	"xianfeng/media/hls"
	"xianfeng/media/mpegts"
	"xianfeng/media/rtsp"
	"xianfeng/web"
)

// maxSources bounds what the API may add: each source is a connection and a stream.
const maxSources = 500

// sources runs the pulled sources, those of the configuration and those added through the API. The
// latter are kept in a file of the data folder.
type sources struct {
	hub  *media.Hub
	log  *slog.Logger
	file string

	mu    sync.Mutex // guards all below
	fixed map[string]*pulled
	added map[string]*pulled
}

// pulled is one source that runs.
type pulled struct {
	config.Source
	puller *media.Puller
}

func newSources(hub *media.Hub, log *slog.Logger, file string) *sources {
	return &sources{hub: hub, log: log, file: file, fixed: map[string]*pulled{}, added: map[string]*pulled{}}
}

// open returns what pulls an address.
func (x *sources) open(address string) (media.Source, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address can't be read") // url's error repeats it, password and all
	}
	switch u.Scheme {
	case "rtsp", "rtsps", "rtsp+tcp", "rtsp+udp":
		scheme, transport, _ := strings.Cut(u.Scheme, "+")
		u.Scheme = scheme
		return rtsp.NewSource(u.String(), transport, x.log)
	case "http", "https":
		return hls.NewSource(address, x.log)
	case "udp":
		return mpegts.NewUDP(address, x.log)
	default:
		return nil, fmt.Errorf("%q can't be pulled: rtsp, rtsps, rtsp+tcp, rtsp+udp, http, https and udp can", u.Scheme)
	}
}

// startLocked begins to pull c.
func (x *sources) startLocked(c config.Source) (*pulled, error) {
	src, err := x.open(c.URL)
	if err != nil {
		return nil, fmt.Errorf("source %q: %w: %w", c.Name, media.ErrBadTracks, err)
	}
	p, err := x.hub.Pull(c.Name, redact(c.URL), c.OnDemand, src)
	if err != nil {
		return nil, err
	}
	return &pulled{c, p}, nil
}

// redact takes what may be secret out of an address: the user part and the query.
func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// configure makes the fixed sources those of want. A source that did not change is not touched; one that
// can't be started is logged and left out.
func (x *sources) configure(want []config.Source) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, p := range x.fixed {
		if !slices.Contains(want, p.Source) {
			p.puller.Close()
			delete(x.fixed, name)
			x.log.Info("source removed", "stream", name)
		}
	}
	for _, c := range want {
		if x.fixed[c.Name] != nil {
			continue
		}
		p, err := x.startLocked(c)
		if err != nil {
			x.log.Error("source not started", "stream", c.Name, "error", err)
			continue
		}
		x.fixed[c.Name] = p
	}
}

// load starts the sources that the API added in earlier runs.
func (x *sources) load() error {
	b, err := os.ReadFile(x.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	var kept []config.Source
	if err := json.Unmarshal(b, &kept); err != nil {
		return fmt.Errorf("read the sources in %s: %w", x.file, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range kept {
		p, err := x.startLocked(c)
		if err != nil {
			x.log.Error("source not started", "stream", c.Name, "error", err)
			continue
		}
		x.added[c.Name] = p
	}
	return nil
}

// saveLocked keeps the added sources. The file is replaced whole, so that a crash leaves the old or the new.
func (x *sources) saveLocked() error {
	kept := []config.Source{}
	for _, p := range x.added {
		kept = append(kept, p.Source)
	}
	slices.SortFunc(kept, func(a, b config.Source) int { return strings.Compare(a.Name, b.Name) })
	b, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the sources: %w", err)
	}
	next := x.file + ".new"
	if err := os.WriteFile(next, b, 0o600); err != nil { // addresses may hold passwords
		return fmt.Errorf("keep the sources: %w", err)
	}
	if err := os.Rename(next, x.file); err != nil {
		return fmt.Errorf("keep the sources: %w", err)
	}
	return nil
}

// List implements web.Sources.
func (x *sources) List() []web.Source {
	x.mu.Lock()
	defer x.mu.Unlock()
	var out []web.Source
	for _, set := range []map[string]*pulled{x.fixed, x.added} {
		for name, p := range set {
			s := web.Source{Name: name, Address: p.puller.Remote(), OnDemand: p.OnDemand}
			if stream, err := x.hub.Lookup(name); err == nil {
				s.Live = stream.Live()
			}
			if err := p.puller.Failure(); err != nil && !s.Live {
				s.Error = err.Error()
			}
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b web.Source) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Add implements web.Sources.
func (x *sources) Add(s web.Source) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.added) >= maxSources {
		return fmt.Errorf("source %q: %w: %d sources", s.Name, media.ErrLimit, maxSources)
	}
	p, err := x.startLocked(config.Source{Name: s.Name, URL: s.Address, OnDemand: s.OnDemand})
	if err != nil {
		return err
	}
	x.added[s.Name] = p
	return x.saveLocked()
}

// Remove implements web.Sources.
func (x *sources) Remove(name string) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	p := x.added[name]
	if p == nil {
		if x.fixed[name] != nil {
			return fmt.Errorf("source %q: %w: it stands in the configuration file", name, media.ErrBusy)
		}
		return fmt.Errorf("source %.80q: %w", name, media.ErrNotFound)
	}
	p.puller.Close()
	delete(x.added, name)
	return x.saveLocked()
}

// close stops all sources.
func (x *sources) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, set := range []map[string]*pulled{x.fixed, x.added} {
		for _, p := range set {
			p.puller.Close()
		}
	}
}
