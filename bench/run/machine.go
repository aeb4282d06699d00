package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine says on what, when and of what the figures are.
func machine(ctx context.Context, servers []program) string {
	parts := []string{
		time.Now().UTC().Format("2006-01-02"),
		fmt.Sprintf("%d cores, %s", runtime.NumCPU(), cpuModel()),
		"Linux " + strings.TrimSpace(file("/proc/sys/kernel/osrelease")),
		runtime.Version(),
	}
	for _, p := range servers {
		parts = append(parts, p.name+" "+p.version(ctx))
	}
	return strings.Join(parts, "; ")
}

func file(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return "unknown"
	}
	return string(b)
}

func cpuModel() string {
	for line := range strings.Lines(file("/proc/cpuinfo")) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// version is the commit for ours and what it says of itself for the peer.
func (p program) version(ctx context.Context) string {
	if p.name != "xianfeng" {
		out, err := exec.CommandContext(ctx, p.binary, "--version").Output()
		if err != nil {
			return "of unknown version"
		}
		return strings.TrimSpace(string(out))
	}
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=, changed", "--exclude=*").Output()
	if err != nil {
		return "of unknown version"
	}
	return strings.TrimSpace(string(out))
}
