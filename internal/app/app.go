// Package app owns the wiring: it builds the parts of the server in order, hands each its part of the
// configuration, and closes them in reverse.
//
// It refuses everything else: no protocol, no page, no rule lives here.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"xianfeng/internal/config"
)

// stopWithin bounds a clean shutdown; what is not closed by then is left to the kernel.
const stopWithin = 5 * time.Second

// Options are what the command line says.
type Options struct {
	ConfigFile string
	DataDir    string
	Open       bool
	Demo       bool

	Stdout, Stderr io.Writer
	Reload         <-chan os.Signal // each signal reads the configuration again
}

// Version returns the version that the program was built as.
func Version() string {
	if i, ok := debug.ReadBuildInfo(); ok && i.Main.Version != "" {
		return i.Main.Version
	}
	return "(unknown)"
}

// Serve runs the server until ctx ends. It returns nil after a clean stop.
func Serve(ctx context.Context, o Options) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if o.Demo && o.Open {
		return errors.New("--demo and --open exclude each other")
	}
	if o.Open {
		if err := cfg.Loopback(); err != nil {
			return fmt.Errorf("--open lets anybody publish and is for this machine only: %w", err)
		}
	}
	if o.Demo {
		dir, err := os.MkdirTemp("", "xianfeng-demo-")
		if err != nil {
			return fmt.Errorf("make the demo's folder: %w", err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
		o.DataDir = dir
	}
	if err := os.MkdirAll(o.DataDir, 0o750); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	level := new(slog.LevelVar)
	log := newLog(o.Stderr, cfg.Log, level)

	s := &server{opts: o, log: log, level: level}
	if err := s.start(ctx, cfg); err != nil {
		if ctx.Err() != nil { // what was under way when it was asked to stop says so with an error
			return s.stop()
		}
		return errors.Join(err, s.stop())
	}
	s.announce()
	for {
		select {
		case <-ctx.Done():
			log.Info("stopping")
			return s.stop()
		case err := <-s.failed:
			return errors.Join(err, s.stop())
		case <-o.Reload:
			s.reload()
		}
	}
}

func newLog(w io.Writer, c config.Log, level *slog.LevelVar) *slog.Logger {
	setLevel(level, c.Level)
	o := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func setLevel(v *slog.LevelVar, name string) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(name)); err == nil { // config has checked it
		v.Set(l)
	}
}

// reload reads the configuration again and puts into force what can change in a running server. A file
// with a mistake changes nothing.
func (s *server) reload() {
	cfg, err := config.Load(s.opts.ConfigFile)
	if err != nil {
		s.log.Error("configuration not reloaded", "error", err)
		return
	}
	if s.opts.Open {
		if err := cfg.Loopback(); err != nil {
			s.log.Error("configuration not reloaded", "error", err)
			return
		}
	}
	if later := cfg.FixedParts(&s.cfg); len(later) > 0 {
		s.log.Warn("some changes take effect at the next start", "parts", later)
	}
	setLevel(s.level, cfg.Log.Level)
	cfg.Access.APIKey = s.cfg.Access.APIKey // all of it at the next start, not half of it now
	if err := s.setAccess(cfg.Access); err != nil {
		s.log.Error("access not reloaded", "error", err)
	}
	s.hls.Forget() // viewers whom the old rules let in are asked about again
	s.sources.configure(cfg.Sources)
	s.log.Info("configuration reloaded", "file", s.opts.ConfigFile)
}

func (s *server) dataFile(name string) string { return filepath.Join(s.opts.DataDir, name) }
