package kit

import "strings"

// wish returns the best language of ours in Accept-Language (RFC 9110 §12.5.4), Chinese where there is none.
// It runs for every page, so it makes nothing: of the header's grammar it reads what decides between two
// languages.
func wish(header string) Lang {
	if len(header) > 256 {
		header = header[:256]
	}
	best, found := Chinese, -1
	for header != "" {
		var one string
		one, header, _ = strings.Cut(header, ",")
		tag, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		base, _, _ := strings.Cut(strings.TrimSpace(tag), "-")
		var l Lang
		switch {
		case strings.EqualFold(base, "zh"):
			l = Chinese
		case strings.EqualFold(base, "en"):
			l = English
		default:
			continue
		}
		if q := thousandths(weight); q > found && q > 0 {
			best, found = l, q
		}
	}
	return best
}

// thousandths reads a weight, "q=0.8", in thousandths; what is none is 1000.
func thousandths(weight string) int {
	weight = strings.TrimSpace(weight)
	if len(weight) < 3 || weight[0] != 'q' && weight[0] != 'Q' || weight[1] != '=' {
		return 1000
	}
	whole, part, _ := strings.Cut(weight[2:], ".")
	if whole != "0" {
		return 1000
	}
	n := 0
	for i := range 3 {
		n *= 10
		if i < len(part) && part[i] >= '0' && part[i] <= '9' {
			n += int(part[i] - '0')
		}
	}
	return n
}
