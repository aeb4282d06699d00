//go:build unix

package srt

import "golang.org/x/sys/unix"

// settle undoes SO_REUSEADDR and makes room for what comes in.
func settle(fd uintptr) error {
	if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 0); err != nil { //nolint:gosec // a file descriptor
		return err //nolint:wrapcheck // its caller says what for
	}
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer) //nolint:gosec,wrapcheck // the same
}
