package mpegts

import "golang.org/x/sys/windows"

// reuse lets other sockets have the same address.
func reuse(fd uintptr) error {
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 1) //nolint:wrapcheck // its caller says what for
}
