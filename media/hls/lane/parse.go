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
	if !ok || version != "HTTP/1.1" || target == "" || !all(target, inVisible) || target[0] != '/' {
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
		if !ok || name == "" || !all(name, inToken) || !all(value, inText) {
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

// cutLine cuts at the first CRLF. A line with an LF of its own is none; one with a CR has it in a target or a
// header, where no class allows it.
func cutLine(s string) (line, rest string, ok bool) {
	i := strings.IndexByte(s, '\n')
	if i < 1 || s[i-1] != '\r' {
		return "", "", false
	}
	return s[:i-1], s[i+1:], true
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
	return r.Name != "" && all(r.Name, inName) && all(r.File, inName) && all(query, inQuery) && !strings.HasSuffix(target, "?")
}

// header looks at one header line. It says hot of those that change nothing.
func (r *request) header(name, value string, hosts *int) kind {
	switch len(name) {
	case len("Host"):
		if strings.EqualFold(name, "Host") {
			*hosts++
			r.host = value
			if !all(value, inHost) {
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

// What a byte may be part of. Every byte of every head is looked at, those of pages as well.
type class uint8

const (
	inToken   class = 1 << iota // a header's name (RFC 9110 §5.6.2)
	inText                      // a header's value (RFC 9110 §5.5)
	inVisible                   // a target: printable ASCII without spaces
	inName                      // a stream's or a file's name
	inQuery
	inHost
)

var classes = func() (t [256]class) {
	for i := range t {
		c := byte(i)
		if c >= ' ' && c != 0x7f || c == '\t' {
			t[i] |= inText
		}
		if c > ' ' && c < 0x7f {
			t[i] |= inVisible
		}
		alnum := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'
		for in, more := range map[class]string{inToken: "-_!#$%&'*+.^`|~", inName: "-_.", inQuery: "_=&", inHost: "-.:[]_"} {
			if alnum || strings.IndexByte(more, c) >= 0 {
				t[i] |= in
			}
		}
	}
	return t
}()

// all reports whether each byte of s is of a class.
func all(s string, of class) bool {
	for i := range len(s) {
		if classes[s[i]]&of == 0 {
			return false
		}
	}
	return true
}
