package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The server has one core, everything else the other.
const serverCore, loadCore = 0, 1

// load is the load tool and what it publishes.
type load struct {
	fanout string
	dir    string
	errs   io.Writer // where the tool complains
}

// newLoad builds the load tool.
func newLoad(ctx context.Context) (*load, error) {
	dir, err := os.MkdirTemp("", "bench-load-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	l := &load{filepath.Join(dir, "fanout"), dir, os.Stderr}
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", l.fanout, "./bench/fanout").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the load tool: %w\n%s", errors.Join(err, l.close()), out)
	}
	return l, nil
}

func (l *load) close() error { return os.RemoveAll(l.dir) }

// file returns a clip's file: 720p25, baseline, constant rate. It is made at the first call.
func (l *load) file(ctx context.Context, c clip) (string, error) {
	file := filepath.Join(l.dir, fmt.Sprintf("%d-%d.h264", c.kbit, c.gop))
	if _, err := os.Stat(file); err == nil {
		return file, nil
	}
	rate, gop := fmt.Sprintf("%dk", c.kbit), strconv.Itoa(25*c.gop)
	out, err := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25",
		"-t", "20", "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "baseline", "-pix_fmt", "yuv420p",
		"-b:v", rate, "-maxrate", rate, "-bufsize", rate, "-g", gop, "-keyint_min", gop, "-sc_threshold", "0",
		"-x264-params", "nal-hrd=cbr:force-cfr=1:slices=1", file).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("make a clip of %s: %w: %s", rate, err, out)
	}
	return file, nil
}

// address puts the number of the stream away where there is one stream only.
func address(url string, streams int) string {
	if streams == 0 {
		return strings.ReplaceAll(url, "{}", "")
	}
	return url
}

// publish starts publishing the row's clip to one or several streams and waits until the last of them
// can be read; the function it returns ends it.
func (l *load) publish(ctx context.Context, u urls, r row) (func(), error) {
	file, err := l.file(ctx, r.clip)
	if err != nil {
		return nil, err
	}
	last := strings.ReplaceAll(address(u.rtsp, r.streams), "{}", strconv.Itoa(r.streams-1))
	return l.send(ctx, file, address(u.publish, r.streams), r.streams, last)
}

func (l *load) send(ctx context.Context, file, url string, streams int, last string) (func(), error) {
	cmd := pinned(ctx, loadCore, l.fanout, "publish", "-url", url, "-streams", strconv.Itoa(streams), "-h264", file)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("publish: %w", err)
	}
	stop := func() {
		cmd.Process.Kill() //nolint:errcheck // it may have ended
		cmd.Wait()         //nolint:errcheck // killed
	}
	if err := until(ctx, 20*time.Second, func() error { return describe(ctx, last) }); err != nil {
		stop()
		return nil, fmt.Errorf("publish: %w: %s", err, errs.String())
	}
	return stop, nil
}

// call runs one command of the load tool and decodes what it prints.
func (l *load) call(ctx context.Context, into any, args ...string) error {
	cmd := pinned(ctx, loadCore, l.fanout, args...)
	cmd.Stderr = l.errs
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("fanout %s: %w", strings.Join(args, " "), err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("fanout %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
