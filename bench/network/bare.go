package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"time"
)

// bare is what a page is compared with: a handler of net/http that writes bytes. It runs as a process of its
// own, which is told by a file: the address, the head and the body to answer with.
func bare(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	at, rest, _ := bytes.Cut(b, []byte("\n"))
	head, body, _ := bytes.Cut(rest, []byte("\n\n"))
	var names [][2]string
	for line := range bytes.Lines(head) {
		k, v, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		names = append(names, [2]string{string(k), string(v)})
	}
	l, err := net.Listen("tcp", string(at))
	if err != nil {
		return err
	}
	s := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for _, n := range names {
			h.Set(n[0], n[1])
		}
		w.Write(body) //nolint:errcheck // the load tool sees it
	})}
	return s.Serve(l)
}

// startBare runs it with the answer that our server gave.
func startBare(ctx context.Context, dir string, head http.Header, body []byte) (*process, error) {
	at, err := freePort()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, at)
	for k, v := range head {
		if k = textproto.CanonicalMIMEHeaderKey(k); k != "Date" {
			fmt.Fprintf(&b, "%s: %s\n", k, v[0])
		}
	}
	b.WriteByte('\n')
	b.Write(body)
	file := filepath.Join(dir, "bare")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, _, err := start(ctx, at, filepath.Join(dir, "bare.log"), self, "-bare", file)
	return p, err
}
