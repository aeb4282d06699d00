package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// visit fetches a page as a browser does, and returns it as it came, compressed, and how long it took.
func visit(ctx context.Context, c *http.Client, address string) (body []byte, head http.Header, took time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, 0, err
	}
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("Accept-Language", "zh-CN")
	r.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Chrome/140")
	began := time.Now()
	answer, err := c.Do(r)
	if err != nil {
		return nil, nil, 0, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	took = time.Since(began)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", address, answer.Status)
	}
	return body, answer.Header, took, err
}

// quantile of sorted times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	return sorted[min(len(sorted)-1, int(float64(len(sorted))*q))]
}

// ask visits pages one after another and returns how long each took, sorted.
func ask(ctx context.Context, addresses []string) ([]time.Duration, error) {
	c := &http.Client{Timeout: time.Minute}
	defer c.CloseIdleConnections()
	all := make([]time.Duration, 0, len(addresses))
	for _, a := range addresses {
		_, _, took, err := visit(ctx, c, a)
		if err != nil {
			return nil, err
		}
		all = append(all, took)
	}
	slices.Sort(all)
	return all, nil
}

// hammer asks for one page n times over some connections, each as fast as it is answered.
func hammer(at, path string, n int) error {
	const conns = 8
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + at + "\r\nAccept-Encoding: gzip\r\nAccept-Language: zh-CN\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/140\r\n\r\n")
	errs := make(chan error, conns)
	var wg sync.WaitGroup
	for range conns {
		wg.Go(func() { errs <- hammerOne(at, request, n/conns) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func hammerOne(at string, request []byte, n int) error {
	c, err := net.Dial("tcp", at)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	for range n {
		if _, err := c.Write(request); err != nil {
			return err
		}
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", strings.Fields(string(request))[1], answer.Status)
		}
	}
	return nil
}
