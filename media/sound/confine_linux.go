package sound

import (
	"fmt"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// isolate puts the child into a process group of its own, so that a terminal's Ctrl-C is ours to handle,
// and lets it die with us.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// confine bounds what a child that was taken over by hostile input could do: no file grows, no core is
// dumped, few descriptors, memory in proportion to its work.
func confine(pid int) error {
	for resource, limit := range map[int]uint64{
		unix.RLIMIT_FSIZE:  0,
		unix.RLIMIT_CORE:   0,
		unix.RLIMIT_NOFILE: 64,
		unix.RLIMIT_AS:     2 << 30, // address space; shared libraries alone map a good part of it
	} {
		if err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: limit, Max: limit}, nil); err != nil {
			return fmt.Errorf("confine ffmpeg: %w", err)
		}
	}
	return nil
}
