package lane

import (
	"strings"

	"xianfeng/media/hls"
)

// What a head is.
type kind uint8

const (
	foreign kind = iota // no more is known of it, not even where it ends for net/http
	plain               // one request without a body, which ends for net/http where it ends here
	hot                 // and we may answer it
)

// request is a head taken apart. Its strings are parts of the head.
type request struct {
	hls.Request
	host, origin string
}

// parse takes apart a head, which ends with its first empty line. It is stricter than RFC 9112: what two readers
// could understand in two ways is foreign (§11.2, request smuggling).
func parse(head string, r *request) kind {
	gone, remote := r.Gone, r.Remote
	*r = request{}
	r.Gone, r.Remote = gone, remote

	line, rest, ok := cutLine(head)
	if !ok {
		return foreign
	}
	method, rest2, ok := strings.Cut(line, " ")
	if !ok || method != "GET" && method != "HEAD" {
		return foreign
	}
	target, version, ok := strings.Cut(rest2, " ")
	if !ok || version != "HTTP/1.1" || !visible(target) || target[0] != '/' {
		return foreign
	}
	k := plain
	if method == "GET" && r.aim(target) {
		k = hot
	}
	hosts := 0
	for {
		if line, rest, ok = cutLine(rest); !ok {
			return foreign
		}
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !token(name) || !text(value) {
			return foreign // also a folded line: it begins with a space
		}
		value = strings.Trim(value, " \t")
		switch r.header(name, value, &hosts) {
		case foreign:
			return foreign
		case plain:
			k = plain
		}
	}
	if rest != "" || hosts != 1 || r.host == "" {
		return foreign
	}
	return k
}

// cutLine cuts at the first CRLF. A line with a CR or LF of its own is none.
func cutLine(s string) (line, rest string, ok bool) {
	i := strings.IndexByte(s, '\n')
	if i < 1 || s[i-1] != '\r' {
		return "", "", false
	}
	return s[:i-1], s[i+1:], strings.IndexByte(s[:i-1], '\r') < 0
}

// aim reads the target of a file that package hls may have.
func (r *request) aim(target string) bool {
	path, query, _ := strings.Cut(target, "?")
	rest, ok := strings.CutPrefix(path, "/live/")
	if !ok || !strings.HasSuffix(path, ".m3u8") && !strings.HasSuffix(path, ".mp4") {
		return false
	}
	if r.Name, r.File, ok = strings.Cut(rest, "/"); !ok || strings.Contains(path, "/.") {
		return false // a dot at the beginning: the router would clean the path
	}
	r.Query = query
	return r.Name != "" && word(r.Name, "-_.") && word(r.File, "-_.") && word(query, "_=&") && !strings.HasSuffix(target, "?")
}

// header looks at one header line. It says hot of those that change nothing.
func (r *request) header(name, value string, hosts *int) kind {
	switch len(name) {
	case len("Host"):
		if strings.EqualFold(name, "Host") {
			*hosts++
			r.host = value
			if !word(value, "-.:[]_") {
				return plain
			}
		}
	case len("Range"):
		if strings.EqualFold(name, "Range") {
			return plain
		}
	case len("Cookie"): // Expect, Origin
		switch {
		case strings.EqualFold(name, "Expect"):
			return foreign
		case strings.EqualFold(name, "Cookie"):
			return once(&r.Cookie, value)
		case strings.EqualFold(name, "Origin"):
			return once(&r.origin, value)
		}
	case len("Upgrade"): // Trailer
		if strings.EqualFold(name, "Upgrade") || strings.EqualFold(name, "Trailer") {
			return foreign
		}
	case len("If-Range"):
		if strings.EqualFold(name, "If-Range") {
			return plain
		}
	case len("Connection"): // User-Agent
		switch {
		case strings.EqualFold(name, "User-Agent"):
			return once(&r.UserAgent, value)
		case strings.EqualFold(name, "Connection") && !strings.EqualFold(value, "keep-alive"):
			return plain
		}
	case len("Authorization"): // If-None-Match
		switch {
		case strings.EqualFold(name, "Authorization"):
			r.Authorized = true
		case strings.EqualFold(name, "If-None-Match"):
			return once(&r.IfNoneMatch, value)
		}
	case len("Content-Length"):
		if strings.EqualFold(name, "Content-Length") {
			return foreign
		}
	case len("Accept-Encoding"):
		if strings.EqualFold(name, "Accept-Encoding") {
			return once(&r.AcceptEncoding, value)
		}
	case len("Transfer-Encoding"):
		if strings.EqualFold(name, "Transfer-Encoding") {
			return foreign
		}
	}
	return hot
}

// once keeps the value of a header that has to be the only one of its name.
func once(where *string, value string) kind {
	if *where != "" || value == "" {
		return plain
	}
	*where = value
	return hot
}

// word reports whether s is made of letters, digits and the characters of more.
func word(s, more string) bool {
	for i := range len(s) {
		if c := s[i]; !alnum(c) && strings.IndexByte(more, c) < 0 {
			return false
		}
	}
	return true
}

func alnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'
}

// visible reports whether s is printable ASCII without spaces, and not empty.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

// token reports whether s is a header's name (RFC 9110 §5.6.2).
func token(s string) bool { return s != "" && word(s, "-_!#$%&'*+.^`|~") }

// text reports whether s may be a header's value (RFC 9110 §5.5).
func text(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}
