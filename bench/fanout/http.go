package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// line is one HTTP/1.1 connection, kept open as a browser would. It is smaller and cheaper than
// http.Client, of which a thousand would be the bottleneck of the measurement. One goroutine owns it.
type line struct {
	ctx    context.Context
	bearer string
	jar    *cookiejar.Jar // shared by the lines of a viewer

	host string // scheme and host that conn leads to
	conn net.Conn
	stop func() bool // of what closes conn with ctx, so that a read that waits ends
	in   *bufio.Reader
	body []byte
	head []byte
}

func (l *line) close() {
	if l.conn != nil {
		l.stop()
		l.conn.Close() //nolint:errcheck // nothing was written that matters
		l.conn = nil
	}
}

// answer is what came. Its body is valid until the next get.
type answer struct {
	body    []byte
	gzipped bool
	url     *url.URL // after redirects
}

// get asks for u and follows redirects. A connection that the server has closed in between is opened again.
func (l *line) get(u *url.URL) (*answer, error) {
	for range 5 {
		fresh := l.conn == nil
		resp, err := l.ask(u) //nolint:bodyclose // read does
		if err != nil && !fresh && l.ctx.Err() == nil {
			resp, err = l.ask(u) //nolint:bodyclose // read does
		}
		if err != nil {
			return nil, fmt.Errorf("get %s: %w", u, err)
		}
		if cookies := resp.Cookies(); len(cookies) > 0 {
			l.jar.SetCookies(u, cookies)
		}
		if err := l.read(resp); err != nil {
			l.close()
			return nil, fmt.Errorf("get %s: %w", u, err)
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return &answer{l.body, resp.Header.Get("Content-Encoding") == "gzip", u}, nil
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
			if u, err = u.Parse(resp.Header.Get("Location")); err != nil {
				return nil, fmt.Errorf("redirect: %w", err)
			}
		default:
			return nil, fmt.Errorf("get %s: status %d", u, resp.StatusCode)
		}
	}
	return nil, fmt.Errorf("get %s: too many redirects", u)
}

func (l *line) ask(u *url.URL) (*http.Response, error) {
	if err := l.dial(u); err != nil {
		return nil, err
	}
	b := l.head[:0]
	b = append(b, "GET "...)
	b = append(b, u.RequestURI()...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, u.Host...)
	b = append(b, "\r\nAccept: */*\r\nAccept-Encoding: gzip\r\nUser-Agent: fanout\r\n"...)
	for i, c := range l.jar.Cookies(u) {
		if i == 0 {
			b = append(b, "Cookie: "...)
		} else {
			b = append(b, "; "...)
		}
		b = append(append(append(b, c.Name...), '='), c.Value...)
	}
	if len(l.jar.Cookies(u)) > 0 {
		b = append(b, "\r\n"...)
	}
	if l.bearer != "" {
		b = append(append(append(b, "Authorization: Bearer "...), l.bearer...), "\r\n"...)
	}
	l.head = append(b, "\r\n"...)
	l.conn.SetDeadline(time.Now().Add(30 * time.Second)) //nolint:errcheck // the write says so
	if _, err := l.conn.Write(l.head); err != nil {
		l.close()
		return nil, err
	}
	resp, err := http.ReadResponse(l.in, nil)
	if err != nil {
		l.close()
		return nil, err
	}
	return resp, nil
}

func (l *line) dial(u *url.URL) error {
	if host := u.Scheme + u.Host; host != l.host {
		l.close()
		l.host = host
	}
	if l.conn != nil {
		return nil
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Host, u.Scheme)
	}
	var d net.Dialer
	conn, err := d.DialContext(l.ctx, "tcp", address)
	if err != nil {
		return err
	}
	if u.Scheme == "https" {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: u.Hostname()}) //nolint:gosec // measured, not trusted
	}
	l.conn = conn
	l.stop = context.AfterFunc(l.ctx, func() { conn.Close() }) //nolint:errcheck // as in close
	if l.in == nil {
		l.in = bufio.NewReaderSize(conn, 16<<10)
	}
	l.in.Reset(conn)
	return nil
}

// read takes a whole body into the line's own memory.
func (l *line) read(resp *http.Response) error {
	defer resp.Body.Close()
	l.body = l.body[:0]
	if n := resp.ContentLength; n > int64(cap(l.body)) && n < 64<<20 {
		l.body = make([]byte, 0, n)
	}
	for {
		if len(l.body) == cap(l.body) {
			l.body = append(l.body, 0)[:len(l.body)]
		}
		n, err := resp.Body.Read(l.body[len(l.body):cap(l.body)])
		l.body = l.body[:len(l.body)+n]
		switch {
		case errors.Is(err, io.EOF):
			if resp.Close {
				l.close()
			}
			return nil
		case err != nil:
			return err
		case len(l.body) > 64<<20:
			return errors.New("the body is larger than 64 MiB")
		}
	}
}

// unzip returns the text of a body.
func (a *answer) unzip() ([]byte, error) {
	if !a.gzipped {
		return a.body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(a.body))
	if err != nil {
		return nil, fmt.Errorf("gzip: %w", err)
	}
	return io.ReadAll(io.LimitReader(z, 16<<20))
}
