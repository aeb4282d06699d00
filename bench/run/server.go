package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"xianfeng/bench/page"
)

// program is a server that can be started.
type program struct {
	name   string
	binary string
	config func(p ports) string
	args   func(config, data string) []string
	urls   func(p ports) urls
}

type ports struct{ http, rtsp, rtp, rtcp, webrtc, hls, metrics int }

// urls are those of stream {}.
type urls struct{ publish, whep, rtsp, hls, metrics string }

func (u urls) of(protocol string) string {
	switch protocol {
	case "whep":
		return u.whep
	case "hls":
		return u.hls
	}
	return u.rtsp
}

func xianfeng(binary string) program {
	return program{
		name: "xianfeng", binary: binary,
		config: func(p ports) string {
			return fmt.Sprintf(`http: {address: "127.0.0.1:%d"}
rtsp: {address: "127.0.0.1:%d", rtp: "127.0.0.1:%d", rtcp: "127.0.0.1:%d"}
rtmp: {address: "off"}
srt: {address: "off"}
webrtc: {address: "127.0.0.1:%d"}
metrics: {address: "127.0.0.1:%d"}
log: {level: error}
`, p.http, p.rtsp, p.rtp, p.rtcp, p.webrtc, p.metrics)
		},
		args: func(config, data string) []string {
			return []string{"serve", "--open", "--config", config, "--data", data}
		},
		urls: func(p ports) urls {
			rtsp, http := fmt.Sprintf("rtsp://127.0.0.1:%d/live/bars{}", p.rtsp), fmt.Sprintf("http://127.0.0.1:%d/live/bars{}", p.http)
			return urls{rtsp, http + "/whep", rtsp, http + "/index.m3u8", fmt.Sprintf("http://127.0.0.1:%d/metrics", p.metrics)}
		},
	}
}

// mediamtx runs with its defaults, which are parts of 200 ms as ours.
func mediamtx(binary string) program {
	return program{
		name: "mediamtx", binary: binary,
		config: func(p ports) string {
			return fmt.Sprintf(`logLevel: error
rtmp: no
srt: no
rtspAddress: "127.0.0.1:%d"
rtpAddress: "127.0.0.1:%d"
rtcpAddress: "127.0.0.1:%d"
hlsAddress: "127.0.0.1:%d"
webrtcAddress: "127.0.0.1:%d"
webrtcLocalUDPAddress: ":%d"
paths: {all_others: {}}
`, p.rtsp, p.rtp, p.rtcp, p.hls, p.http, p.webrtc)
		},
		args: func(config, _ string) []string { return []string{config} },
		urls: func(p ports) urls {
			rtsp := fmt.Sprintf("rtsp://127.0.0.1:%d/bars{}", p.rtsp)
			return urls{rtsp, fmt.Sprintf("http://127.0.0.1:%d/bars{}/whep", p.http), rtsp, fmt.Sprintf("http://127.0.0.1:%d/bars{}/index.m3u8", p.hls), ""}
		},
	}
}

// freePorts finds ports that are free now; somebody could take one before the server does, which then
// says so.
func freePorts() (p ports, err error) {
	for _, to := range []*int{&p.http, &p.rtsp, &p.hls, &p.metrics, &p.webrtc} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return p, fmt.Errorf("find a port: %w", err)
		}
		defer l.Close() // only now, so that no port is found twice
		*to = l.Addr().(*net.TCPAddr).Port
	}
	for range 100 { // RFC 3550 §11: an even port and the one above it
		c, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			return p, fmt.Errorf("find a port: %w", err)
		}
		p.rtp = c.LocalAddr().(*net.UDPAddr).Port
		c.Close() //nolint:errcheck // nothing was written
		if p.rtp%2 == 0 {
			if c, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", p.rtp+1)); err == nil {
				c.Close() //nolint:errcheck // nothing was written
				p.rtcp = p.rtp + 1
				return p, nil
			}
		}
	}
	return p, errors.New("find a port: no two free ones side by side")
}

// process is a program that runs; stop ends it.
type process struct {
	cmd  *exec.Cmd
	urls urls
	dir  string
	log  string
}

// pinned returns a command on one core; it is killed with ctx.
func pinned(ctx context.Context, core int, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "taskset", append([]string{"-c", fmt.Sprint(core), name}, args...)...)
}

// start runs a fresh server on the server's core.
func (p program) start(ctx context.Context) (*process, error) {
	free, err := freePorts()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-"+p.name+"-")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	s := &process{urls: p.urls(free), dir: dir, log: filepath.Join(dir, "log")}
	config := filepath.Join(dir, "config.yml")
	if err = os.WriteFile(config, []byte(p.config(free)), 0o600); err == nil {
		err = s.run(ctx, p.binary, p.args(config, filepath.Join(dir, "data")))
	}
	if err == nil {
		err = until(ctx, 15*time.Second, func() error { return options(ctx, s.urls.rtsp) })
	}
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, errors.Join(err, s.stop()))
	}
	return s, nil
}

func (s *process) run(ctx context.Context, binary string, args []string) error {
	out, err := os.Create(s.log)
	if err != nil {
		return err
	}
	defer out.Close()
	binary, err = filepath.Abs(binary)
	if err != nil {
		return err
	}
	s.cmd = pinned(ctx, serverCore, binary, args...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, out, out
	return s.cmd.Start()
}

// stop ends the server and removes what it left. It returns what it logged, as an error, if it ended
// otherwise than by being asked to.
func (s *process) stop() (err error) {
	defer os.RemoveAll(s.dir)
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	s.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
	cut := time.AfterFunc(15*time.Second, func() { s.cmd.Process.Kill() })
	defer cut.Stop()
	s.cmd.Wait() //nolint:errcheck // judged by its state
	if st, ok := s.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && (st.Signaled() && st.Signal() != syscall.SIGTERM || st.ExitStatus() > 0) {
		text, _ := os.ReadFile(s.log)
		err = fmt.Errorf("%s ended with %v: %s", s.cmd.Path, s.cmd.ProcessState, tail(text))
	}
	return err
}

func tail(b []byte) string { return string(b[max(0, len(b)-2000):]) }

// until asks until ask has no error, at most for the limit.
func until(ctx context.Context, limit time.Duration, ask func() error) error {
	end := time.Now().Add(limit)
	for {
		err := ask()
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// options asks whether the RTSP server is there, describe whether a stream is.
func options(ctx context.Context, url string) error { return ask(ctx, "OPTIONS", url) }

func describe(ctx context.Context, url string) error { return ask(ctx, "DESCRIBE", url) }

// ask sends one request of RTSP, which costs a server less than a reader of any other protocol would.
func ask(ctx context.Context, method, url string) error {
	host, _, _ := strings.Cut(strings.TrimPrefix(url, "rtsp://"), "/")
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer c.Close()
	deadline, _ := ctx.Deadline()
	c.SetDeadline(deadline) //nolint:errcheck // the read says so
	if _, err := fmt.Fprintf(c, "%s %s RTSP/1.0\r\nCSeq: 1\r\n\r\n", method, url); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil && !strings.Contains(line, " 200 ") {
		err = fmt.Errorf("%s %s: %s", method, url, strings.TrimSpace(line))
	}
	return err
}

// version is the commit for ours and what it says of itself for the peer.
func (p program) version(ctx context.Context) string {
	if p.name == "xianfeng" {
		return page.Commit(ctx)
	}
	out, err := exec.CommandContext(ctx, p.binary, "--version").Output()
	if err != nil {
		return "of unknown version"
	}
	return strings.TrimSpace(string(out))
}
