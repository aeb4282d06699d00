package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Machine says on what and when the figures are taken.
func Machine() string {
	return strings.Join([]string{
		time.Now().UTC().Format("2006-01-02"),
		fmt.Sprintf("%d cores, %s", runtime.NumCPU(), cpuModel()),
		"Linux " + strings.TrimSpace(file("/proc/sys/kernel/osrelease")),
		runtime.Version(),
	}, "; ")
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

// Commit is the commit that the working tree is of.
func Commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty=, changed", "--exclude=*").Output()
	if err != nil {
		return "of unknown version"
	}
	return strings.TrimSpace(string(out))
}
