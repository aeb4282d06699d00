package srt

import "golang.org/x/sys/windows"

// settle undoes SO_REUSEADDR and makes room for what comes in.
func settle(fd uintptr) error {
	if err := windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_REUSEADDR, 0); err != nil {
		return err //nolint:wrapcheck // its caller says what for
	}
	return windows.SetsockoptInt(windows.Handle(fd), windows.SOL_SOCKET, windows.SO_RCVBUF, socketBuffer) //nolint:wrapcheck // the same
}
