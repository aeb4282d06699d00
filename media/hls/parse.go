package hls

import (
	"errors"
	"strconv"
	"strings"
)

var (
	errQuery = errors.New("_HLS_msn and _HLS_part must be numbers, and _HLS_part needs _HLS_msn")
	errRange = errors.New("range not satisfiable")
)

// reload is what the query of a media playlist asks (RFC 8216bis §6.2.5).
type reload struct {
	blocking bool
	msn      uint64
	part     int // -1: the whole segment
	skip     bool
}

// parseReload reads a raw query. Parameters that are not HLS's own are left alone.
func parseReload(raw string) (reload, error) {
	q := reload{part: -1}
	for raw != "" {
		var one string
		one, raw, _ = strings.Cut(raw, "&")
		key, value, _ := strings.Cut(one, "=")
		switch key {
		case "_HLS_msn":
			n, err := strconv.ParseUint(value, 10, 62)
			if err != nil || q.blocking {
				return reload{}, errQuery
			}
			q.blocking, q.msn = true, n
		case "_HLS_part":
			n, err := strconv.ParseUint(value, 10, 31)
			if err != nil || q.part >= 0 {
				return reload{}, errQuery
			}
			q.part = int(n)
		case "_HLS_skip":
			// "v2" would also skip date ranges, of which there are none.
			q.skip = value == "YES" || value == "v2"
		}
	}
	if q.part >= 0 && !q.blocking {
		return reload{}, errQuery
	}
	return q, nil
}

// parseFile takes a name apart that fileName made for the muxer id.
func parseFile(id, name string) (kind byte, num uint64, ok bool) {
	rest, ok := strings.CutPrefix(name, id)
	if !ok || len(rest) < 3 || rest[0] != '_' {
		return 0, 0, false
	}
	kind = rest[1]
	digits, ok := strings.CutSuffix(rest[2:], ".mp4")
	if !ok || kind != 'i' && kind != 'p' && kind != 's' {
		return 0, 0, false
	}
	num, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || digits[0] == '+' || digits[0] == '0' && len(digits) > 1 {
		return 0, 0, false // one name, one file: caches would keep the others as well
	}
	return kind, num, true
}

// parseRange reads a Range header for something of size bytes (RFC 9110 §14.1.2). ok is false where it is to be
// ignored: another unit, several ranges, nonsense. errRange says that nothing of it exists.
func parseRange(h string, size int) (from, to int, ok bool, err error) {
	spec, found := strings.CutPrefix(h, "bytes=")
	if !found || strings.ContainsRune(spec, ',') {
		return 0, 0, false, nil
	}
	first, last, found := strings.Cut(strings.TrimSpace(spec), "-")
	if !found {
		return 0, 0, false, nil
	}
	if first == "" {
		n, ok := position(last)
		if !ok {
			return 0, 0, false, nil
		}
		if n == 0 || size == 0 {
			return 0, 0, false, errRange
		}
		return size - int(min(n, uint64(size))), size, true, nil
	}
	a, ok := position(first)
	if !ok {
		return 0, 0, false, nil
	}
	b := uint64(size)
	if last != "" {
		if b, ok = position(last); !ok || b < a {
			return 0, 0, false, nil
		}
		b++
	}
	if a >= uint64(size) {
		return 0, 0, false, errRange
	}
	return int(a), int(min(b, uint64(size))), true, nil
}

// position reads a number of a Range header; one that is too large to be any position stays one.
func position(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 62)
	if errors.Is(err, strconv.ErrRange) {
		return 1<<62 - 1, true
	}
	return n, err == nil
}
