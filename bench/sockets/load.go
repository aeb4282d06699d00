package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// openPage is a page's socket.
type openPage struct{ *websocket.Conn }

type heard struct {
	T, Topic string
	ID       uint64
	A        float64
	Body     json.RawMessage
}

func dial(ctx context.Context, p *process) (*openPage, error) {
	d := websocket.Dialer{Subprotocols: []string{"xianfeng.1"}, ReadBufferSize: 512, WriteBufferSize: 512, HandshakeTimeout: 30 * time.Second, EnableCompression: true}
	c, res, err := d.DialContext(ctx, "ws://"+p.at+"/ws", nil) //nolint:bodyclose // gorilla has read it
	if err != nil {
		if res != nil {
			return nil, fmt.Errorf("open a socket: %w: %s", err, res.Status)
		}
		return nil, fmt.Errorf("open a socket: %w", err)
	}
	x := &openPage{c}
	if err := x.say(map[string]any{"t": "hello", "v": 1}); err != nil {
		return nil, err
	}
	_, err = x.hear("hello")
	return x, err
}

func (x *openPage) say(m any) error {
	if err := x.WriteJSON(m); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// hear reads on until a message of a type.
func (x *openPage) hear(kind string) (heard, error) {
	for {
		var m heard
		if err := x.ReadJSON(&m); err != nil {
			return m, fmt.Errorf("wait for %s: %w", kind, err)
		}
		if m.T == kind {
			return m, nil
		}
		if m.T == "fail" {
			return m, fmt.Errorf("wait for %s: %+v", kind, m)
		}
	}
}

// exchange asks for the time.
func (x *openPage) exchange() (time.Duration, error) {
	began := time.Now()
	if err := x.say(map[string]any{"t": "time", "a": 1}); err != nil {
		return 0, err
	}
	_, err := x.hear("time")
	return time.Since(began), err
}

// many opens sockets, some at a time.
func many(ctx context.Context, n int, one func(i int) (*openPage, error)) ([]*openPage, error) {
	out := make([]*openPage, n)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards failed
	var failed error
	next := make(chan int)
	for range 32 {
		wg.Go(func() { // ends when next is closed
			for i := range next {
				x, err := one(i)
				mu.Lock()
				if out[i] = x; err != nil && failed == nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	wg.Wait()
	return out, failed
}

func closeAll(list []*openPage) {
	for _, x := range list {
		if x != nil {
			x.Close()
		}
	}
}

// idle opens sockets that do nothing but ask for the time once, as a page that is left open does, and measures the
// server's memory and how soon others are told the time.
func idle(ctx context.Context, o *settings, p *process) ([]row, error) {
	warm, err := many(ctx, 200, func(int) (*openPage, error) { return dial(ctx, p) })
	if err != nil {
		return nil, err
	}
	closeAll(warm)
	time.Sleep(3 * time.Second)
	before, err := p.memory()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	list, err := many(ctx, o.idle, func(int) (*openPage, error) {
		x, err := dial(ctx, p)
		if err == nil {
			_, err = x.exchange()
		}
		return x, err
	})
	defer closeAll(list)
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	after, err := p.memory()
	if err != nil {
		return nil, err
	}
	askers, err := many(ctx, 12, func(int) (*openPage, error) { return dial(ctx, p) })
	defer closeAll(askers)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards all, failed
	var all []time.Duration
	var failed error
	end := time.Now().Add(o.clock)
	var wg sync.WaitGroup
	wg.Go(func() { // ends with the time: every idle page asks every 25 s
		for i := 0; time.Now().Before(end); i++ {
			list[i%len(list)].exchange() //nolint:errcheck // the askers find out
			time.Sleep(25 * time.Second / time.Duration(len(list)))
		}
	})
	for _, x := range askers {
		wg.Go(func() { // ends with the time, or a failure
			for time.Now().Before(end) {
				d, err := x.exchange()
				mu.Lock()
				all, failed = append(all, d), cmp.Or(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
				time.Sleep(60 * time.Millisecond) // 20 messages a second are allowed
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return nil, failed
	}
	later, err := p.memory()
	if err != nil {
		return nil, err
	}
	each := func(m func(memory) float64) string {
		return fmt.Sprintf("%.1f KiB (%.1f when just opened)", (m(later)-m(before))/float64(o.idle), (m(after)-m(before))/float64(o.idle))
	}
	return []row{
		{fmt.Sprintf("%d idle sockets: resident memory of the server, each", o.idle), each(func(m memory) float64 { return m.resident }), "≤ 20 KiB"},
		{"of it: heap in use", each(func(m memory) float64 { return m.heap }), ""},
		{"of it: stacks", each(func(m memory) float64 { return m.stack }), ""},
		{"opening them, 32 at a time", fmt.Sprintf("%.1f s, %.0f a second", took.Seconds(), float64(o.idle)/took.Seconds()), ""},
		{fmt.Sprintf("time asked beside them, %d exchanges", len(all)), quantiles(all), "p99 ≤ 20 ms"},
	}, nil
}

var cardID = regexp.MustCompile(`"id":"?(\d+)`)

// broadcasts has a page open on every site, puts a broadcast on air on the site above all, and measures how long after
// the button was pressed the pages have its card.
func broadcasts(ctx context.Context, o *settings, p *process) ([]row, error) {
	list, err := many(ctx, o.pages, func(i int) (*openPage, error) {
		x, err := dial(ctx, p)
		if err != nil {
			return nil, err
		}
		if err := x.say(map[string]any{"t": "sub", "id": 1, "topic": "site:" + code(i)}); err != nil {
			return x, err
		}
		_, err = x.hear("topic")
		return x, err
	})
	defer closeAll(list)
	if err != nil {
		return nil, err
	}
	var all, wrote []time.Duration
	for round := range o.rounds {
		title := fmt.Sprintf("round-%d", round)
		id := ""
		var mu sync.Mutex // guards id, some
		var some []time.Duration
		wait := func(on bool, began time.Time) error {
			var wg sync.WaitGroup
			errs := make(chan error, len(list))
			for _, x := range list {
				wg.Go(func() { // ends with the value
					x.SetReadDeadline(time.Now().Add(30 * time.Second)) //nolint:errcheck // the read tells
					for {
						m, err := x.hear("topic")
						if err != nil {
							errs <- err
							return
						}
						if strings.Contains(string(m.Body), title) == on {
							d := time.Since(began)
							mu.Lock()
							some = append(some, d)
							if found := cardID.FindSubmatch(m.Body); found != nil {
								id = string(found[1])
							}
							mu.Unlock()
							return
						}
					}
				})
			}
			wg.Wait()
			select {
			case err := <-errs:
				return err
			default:
				return nil
			}
		}
		began := time.Now()
		done := make(chan error, 1)
		go func() { done <- wait(true, began) }() // ends when all pages have it
		if err := p.press("/admin/s/51/live", url.Values{"do": {"now"}, "stream": {"hall"}, "title": {title}}); err != nil {
			return nil, err
		}
		wrote = append(wrote, time.Since(began))
		if err := <-done; err != nil {
			return nil, err
		}
		all = append(all, some...)
		go func() { done <- wait(false, time.Now()) }() // ends when it is gone from all pages
		if err := p.press("/admin/s/51/live", url.Values{"do": {"end"}, "id": {id}}); err != nil {
			return nil, err
		}
		if err := <-done; err != nil {
			return nil, err
		}
	}
	return []row{
		{fmt.Sprintf("%d pages on %d sites of a province: from the press of the button to the broadcast's card, %d rounds", o.pages, o.pages, o.rounds), quantiles(all), "p99 ≤ 1 s"},
		{"the console's answer to the press", quantiles(wrote), ""},
	}, nil
}

func quantiles(list []time.Duration) string {
	if len(list) == 0 {
		return "nothing"
	}
	slices.Sort(list)
	at := func(q float64) float64 {
		return float64(list[min(len(list)-1, int(q*float64(len(list))))].Microseconds()) / 1000
	}
	return fmt.Sprintf("p50 %.1f, p99 %.1f, longest %.1f ms", at(0.5), at(0.99), at(1))
}
