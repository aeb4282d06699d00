//go:build !linux

package sound

import "os/exec"

// isolate does nothing: the parent's death closes the child's standard input, which ends it.
func isolate(*exec.Cmd) {}

// confine does nothing where the kernel has no prlimit.
func confine(int) error { return nil }
