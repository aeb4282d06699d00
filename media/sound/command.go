package sound

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// command returns the child: MPEG-TS with AAC in, MPEG-TS with Opus out, a packet every 20 ms, none held
// back. Times go through unchanged (-copyts).
func command(ctx context.Context, program string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program,
		"-hide_banner", "-nostdin", "-loglevel", "error", "-threads", "1",
		"-protocol_whitelist", "pipe", "-fflags", "nobuffer", "-probesize", "4096", "-analyzeduration", "0",
		"-f", "mpegts", "-i", "pipe:0",
		"-map", "0:a:0", "-copyts", "-c:a", "libopus", "-b:a", "96k", "-ac", "2", "-ar", "48000", "-frame_duration", "20",
		"-f", "mpegts", "-muxdelay", "0", "-muxpreload", "0", "-pes_payload_size", "0", "-flush_packets", "1", "pipe:1")
	cmd.Dir = "/"
	cmd.Env = []string{} // nothing of ours, above all no secrets
	cmd.WaitDelay = time.Second
	isolate(cmd)
	return cmd
}

// tail keeps the end of what a child says.
type tail struct {
	mu sync.Mutex // guards b
	b  []byte
}

const tailBytes = 1024

// Write never fails; what is older than the last kilobyte is forgotten.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if n := len(t.b) - tailBytes; n > 0 {
		t.b = append(t.b[:0], t.b[n:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
