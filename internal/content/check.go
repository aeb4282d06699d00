package content

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// CheckerConfig is how links are checked. The zero value of all but Keep is usable.
type CheckerConfig struct {
	Keep    LinkKeeper
	Private bool          // also links to addresses that only this network has
	Every   time.Duration // how often each link is checked; 0: daily
	Timeout time.Duration // for one request; 0: 10 s
	Log     *slog.Logger
	Now     func() time.Time
}

// Checker checks links: four hosts at a time, each host's links one after another.
type Checker struct {
	CheckerConfig
	client *http.Client
}

const (
	checkBatch = 500
	checkHosts = 4
	checkPause = 10 * time.Minute // between looks at what is due
)

var errPrivate = errors.New("an address of a private network")

// NewChecker returns a checker. Run does the work.
func NewChecker(c CheckerConfig) *Checker {
	if c.Every == 0 {
		c.Every = 24 * time.Hour
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	k := &Checker{CheckerConfig: c}
	d := &net.Dialer{Timeout: c.Timeout, Control: k.dial}
	k.client = &http.Client{
		Timeout:   c.Timeout,
		Transport: &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: c.Timeout, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) > 5 {
				return errors.New("too many redirects")
			}
			return nil
		},
	}
	return k
}

// dial refuses addresses inside: an editor must not be able to look around with links. It is asked for each
// address that a name stands for, and for redirects.
func (k *Checker) dial(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	if !k.Private && !outside(ap.Addr()) {
		return errPrivate
	}
	return nil
}

// carrier is the shared address space of providers. RFC 6598
var carrier = netip.MustParsePrefix("100.64.0.0/10")

func outside(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsGlobalUnicast() && !a.IsPrivate() && !carrier.Contains(a) && !(a.Is4() && a.As4()[0] == 0)
}

// Run checks links until ctx ends.
func (k *Checker) Run(ctx context.Context) {
	for {
		n, err := k.Check(ctx)
		if err != nil && ctx.Err() == nil {
			k.Log.Warn("check links", "error", err)
		}
		pause := checkPause
		if n == checkBatch {
			pause = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// Check checks the links that are due, at most 500, and returns how many those were.
func (k *Checker) Check(ctx context.Context) (int, error) {
	due, err := k.Keep.LinksDue(ctx, k.Now().Add(-k.Every), checkBatch)
	if err != nil {
		return 0, err
	}
	hosts := map[string][]Link{}
	for _, l := range due {
		host := l.URL
		if u, err := url.Parse(l.URL); err == nil {
			host = strings.ToLower(u.Host)
		}
		hosts[host] = append(hosts[host], l)
	}
	var mu sync.Mutex // guards failed
	var failed error
	var wg sync.WaitGroup
	room := make(chan struct{}, checkHosts)
	for _, links := range hosts {
		room <- struct{}{}
		wg.Add(1)
		go func() { // ends with its host's links; Check waits
			defer func() { <-room; wg.Done() }()
			for i := range links {
				if ctx.Err() != nil {
					return
				}
				if err := k.one(ctx, &links[i]); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		}()
	}
	wg.Wait()
	return len(due), failed
}

func (k *Checker) one(ctx context.Context, l *Link) error {
	reason := k.try(ctx, http.MethodHead, l.URL)
	if reason != "" && reason != "private" {
		reason = k.try(ctx, http.MethodGet, l.URL) // not every server knows HEAD
	}
	if ctx.Err() != nil {
		return nil // the server stops: nothing was found out
	}
	was, now := l.Broken(), k.Now()
	l.Reason = reason
	if reason == "" {
		l.Failures, l.Failing = 0, time.Time{}
	} else {
		l.Failures++
		if l.Failing.IsZero() {
			l.Failing = now
		}
	}
	return k.Keep.LinkChecked(ctx, *l, now, was)
}

// try returns why a link fails; "": it works.
func (k *Checker) try(ctx context.Context, method, address string) string {
	req, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return "address"
	}
	req.Header.Set("User-Agent", "Mozilla/5.0 (compatible; xianfeng link check)")
	res, err := k.client.Do(req)
	if err != nil {
		return reasonOf(err)
	}
	res.Body.Close()
	switch c := res.StatusCode; {
	case c < 400, c == http.StatusUnauthorized, c == http.StatusForbidden, c == http.StatusTooManyRequests:
		return "" // it is there; what it says to robots does not matter
	default:
		return strconv.Itoa(c)
	}
}

func reasonOf(err error) string {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var ne net.Error
	switch {
	case errors.Is(err, errPrivate):
		return "private"
	case errors.As(err, &dns):
		return "name"
	case errors.As(err, &cert):
		return "tls"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.As(err, &ne) && ne.Timeout():
		return "timeout"
	}
	return "connection"
}
