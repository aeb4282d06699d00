package media

import (
	"fmt"
	"strings"
)

// maxName is the longest stream name, in bytes: it must fit labels, file names and one SRT streamid.
const maxName = 64

// CheckName returns ErrBadName, with the reason, unless name can name a stream: 1 to 64 letters,
// digits, '-', '_' and '.', beginning with a letter or a digit and without "..".
func CheckName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: it is empty", ErrBadName)
	case len(name) > maxName:
		return fmt.Errorf("%w: longer than %d characters", ErrBadName, maxName)
	case strings.Contains(name, ".."):
		return fmt.Errorf("%w: it contains \"..\"", ErrBadName)
	}
	for i := range len(name) {
		c := name[i]
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || c != '-' && c != '_' && c != '.') {
			return fmt.Errorf("%w: only letters, digits, '-', '_' and '.' are allowed", ErrBadName)
		}
	}
	return nil
}

// NameFromPath returns the stream's name in the path of an RTSP or RTMP address or an SRT streamid:
// "live/NAME", with or without slashes around it.
func NameFromPath(path string) (string, error) {
	name, ok := strings.CutPrefix(strings.Trim(path, "/"), "live/")
	if !ok {
		return "", fmt.Errorf("%w: the path must be live/NAME", ErrBadName)
	}
	return name, CheckName(name)
}
