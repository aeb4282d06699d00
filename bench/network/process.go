package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server under test.
type process struct {
	cmd  *exec.Cmd
	base string // http://HOST:PORT
	log  string
}

// freePort asks the kernel for a port; somebody else may take it before we do, and then the start fails.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a port: %w", err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// serve starts the server on a data folder and returns when it answers, and how long that took.
func serve(ctx context.Context, program, data string) (*process, time.Duration, error) {
	at, err := freePort()
	if err != nil {
		return nil, 0, err
	}
	config := filepath.Join(data, "bench.yml")
	text := fmt.Sprintf("http: {address: %q}\nrtsp: {address: \"off\", rtp: \"off\", rtcp: \"off\"}\nrtmp: {address: \"off\"}\nsrt: {address: \"off\"}\nwebrtc: {address: \"off\"}\nmetrics: {address: \"off\"}\nlog: {level: warn}\n", at)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, 0, fmt.Errorf("configure the server: %w", err)
	}
	return start(ctx, at, filepath.Join(data, "log"), program, "serve", "--config", config, "--data", data)
}

func start(ctx context.Context, at, log, program string, args ...string) (*process, time.Duration, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, 0, fmt.Errorf("start %s: %w", program, err)
	}
	defer out.Close()
	p := &process{cmd: exec.CommandContext(ctx, program, args...), base: "http://" + at, log: log}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, 0, fmt.Errorf("start %s: %w", program, err)
	}
	for time.Since(began) < time.Minute {
		answer, err := http.Get(p.base + "/readyz") //nolint:noctx // it answers or refuses
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return p, time.Since(began), nil
			}
		}
		time.Sleep(2 * time.Millisecond)
	}
	text, _ := os.ReadFile(log) //nolint:errcheck // there is an error already
	return nil, 0, errors.Join(fmt.Errorf("%s does not answer: %s", program, text), p.stop())
}

// stop asks it to end, and waits.
func (p *process) stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
	cut := time.AfterFunc(20*time.Second, func() { p.cmd.Process.Kill() })
	defer cut.Stop()
	if err := p.cmd.Wait(); err != nil && p.cmd.ProcessState.ExitCode() > 0 {
		text, _ := os.ReadFile(p.log) //nolint:errcheck // there is an error already
		return fmt.Errorf("%s: %w: %s", p.cmd.Path, err, text)
	}
	return nil
}

// cpu is the time that it has spent, user and system.
func (p *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("cpu time: %w", err)
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	var ticks int64
	for _, f := range fields[11:13] { // utime, stime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("cpu time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// resident is its memory in MiB.
func (p *process) resident() (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	kb, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		return 0, fmt.Errorf("memory: %w", err)
	}
	return kb / 1024, nil
}
