package whip

import (
	"fmt"
	"strings"
)

const maxCandidates = 64

// fragment is an SDP fragment of trickle ICE (RFC 8840 §9): one side's credentials and candidates.
type fragment struct {
	ufrag, pwd string
	candidates []candidate
	end        bool // no more will come
}

// candidate is one line with the media section that it stands in.
type candidate struct {
	line string // "candidate:..."
	mid  string // "" if the section has none
}

// parseFragment reads a fragment. Lines that it does not know are passed over, as RFC 8840 asks.
func parseFragment(b []byte) (*fragment, error) {
	f := &fragment{}
	mid := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "m=") {
			mid = ""
			continue
		}
		a, ok := strings.CutPrefix(line, "a=")
		if !ok {
			if line != "" && (len(line) < 2 || line[1] != '=') {
				return nil, fmt.Errorf("%w: %.40q is no SDP line", errFragment, line)
			}
			continue
		}
		key, value, _ := strings.Cut(a, ":")
		switch key {
		case "ice-ufrag":
			f.ufrag = value
		case "ice-pwd":
			f.pwd = value
		case "mid":
			mid = value
		case "end-of-candidates":
			f.end = true
		case "candidate":
			if len(f.candidates) == maxCandidates {
				return nil, fmt.Errorf("%w: more than %d candidates", errFragment, maxCandidates)
			}
			f.candidates = append(f.candidates, candidate{line: a, mid: mid})
		}
	}
	if len(f.ufrag) > 256 || len(f.pwd) > 256 {
		return nil, fmt.Errorf("%w: its credentials are too long", errFragment)
	}
	return f, nil
}
