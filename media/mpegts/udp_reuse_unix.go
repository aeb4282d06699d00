//go:build unix

package mpegts

import "golang.org/x/sys/unix"

// reuse lets other sockets have the same address.
func reuse(fd uintptr) error {
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1) //nolint:gosec,wrapcheck // a file descriptor; its caller says what for
}
