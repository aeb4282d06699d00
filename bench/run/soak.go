package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	soakStreams = 3
	soakRound   = 30 * time.Second // of coming and going; then it is quiet until the server has settled
)

// soaking is a server under viewers and publishers that come and go at random.
type soaking struct {
	load *load
	s    *process
	clip string

	came, failed, replaced atomic.Int64
}

// calm is what the server was like at a quiet moment: nobody watches, all publishers are there.
type calm struct {
	figures
	after                  time.Duration
	came, failed, replaced int64 // so far
}

// soak runs rounds until the time is over, prints what the server held after each, and fails if that grew.
func soak(ctx context.Context, p program, total time.Duration) (err error) {
	l, err := newLoad(ctx)
	if err != nil {
		return err
	}
	l.errs = io.Discard // viewers fail while their publisher is away
	defer func() { err = errors.Join(err, l.close()) }()
	k := &soaking{load: l}
	if k.clip, err = l.file(ctx, clip{800, 2}); err != nil {
		return err
	}
	if k.s, err = p.start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, k.s.stop()) }()
	calms, err := k.rounds(ctx, total)
	fmt.Println(soakTable(calms))
	return errors.Join(err, grown(calms))
}

func (k *soaking) rounds(ctx context.Context, total time.Duration) (calms []calm, err error) {
	var publishers [soakStreams]func()
	for i := range publishers {
		if publishers[i], err = k.publish(ctx, i); err != nil {
			return nil, err
		}
		defer func() { publishers[i]() }()
	}
	if err := pause(ctx, ripe); err != nil {
		return nil, err
	}
	begin := time.Now()
	for {
		want := 0
		if len(calms) > 0 {
			want = calms[0].goroutines
		}
		f, err := settle(ctx, k.s.urls.metrics, want)
		if err != nil {
			return calms, err
		}
		calms = append(calms, calm{f, time.Since(begin), k.came.Load(), k.failed.Load(), k.replaced.Load()})
		progress("%v: %d viewers came, %d failed, %d publishers replaced; %v", time.Since(begin).Round(time.Second), k.came.Load(), k.failed.Load(), k.replaced.Load(), f)
		if time.Since(begin) > total {
			return calms, nil
		}
		if err := k.round(ctx, &publishers); err != nil {
			return calms, err
		}
	}
}

// round returns when all that came have gone and all publishers are there again.
func (k *soaking) round(ctx context.Context, publishers *[soakStreams]func()) error {
	end := time.Now().Add(soakRound)
	var wg sync.WaitGroup
	for _, protocol := range []string{"whep", "whep", "hls", "rtsp-tcp", "rtsp-udp"} {
		wg.Add(1)
		go func() { // ends with the round; waited for below
			defer wg.Done()
			for time.Now().Before(end) && ctx.Err() == nil {
				k.visit(ctx, protocol)
			}
		}()
	}
	failed := make([]error, soakStreams)
	for i := range publishers {
		wg.Add(1)
		go func() { // ends with the round; waited for below
			defer wg.Done()
			failed[i] = k.replace(ctx, end, i, &publishers[i])
		}()
	}
	wg.Wait()
	return errors.Join(append(failed, ctx.Err())...)
}

// visit is one crowd that comes and leaves. A fifth of it says nothing when it leaves, and of some
// crowds nobody does.
func (k *soaking) visit(ctx context.Context, protocol string) {
	n, hold := 1+rand.IntN(40), time.Duration(rand.IntN(8000))*time.Millisecond
	if rand.IntN(5) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, hold)
		defer cancel()
	}
	url := strings.ReplaceAll(k.s.urls.of(protocol), "{}", strconv.Itoa(rand.IntN(soakStreams)))
	var res struct {
		Came int64 `json:"came"`
	}
	err := k.load.call(ctx, &res, "churn", "-proto", protocol, "-url", url, "-n", strconv.Itoa(n), "-hold", hold.String(), "-silent", "0.2")
	if ctx.Err() != nil {
		return // it was cut off: nobody knows how many came
	}
	if err != nil {
		res.Came = 0
	}
	k.came.Add(res.Came)
	k.failed.Add(int64(n) - res.Came)
}

func (k *soaking) publish(ctx context.Context, i int) (func(), error) {
	number := strconv.Itoa(i)
	return k.load.send(ctx, k.clip, strings.ReplaceAll(k.s.urls.publish, "{}", number), 0, strings.ReplaceAll(k.s.urls.rtsp, "{}", number))
}

// replace cuts a publisher off now and then, and another comes a moment later.
func (k *soaking) replace(ctx context.Context, end time.Time, i int, stop *func()) (err error) {
	for {
		if err := pause(ctx, 5*time.Second+rand.N(10*time.Second)); err != nil || time.Now().After(end) {
			return err
		}
		(*stop)()
		*stop = func() {}
		if err := pause(ctx, rand.N(2*time.Second)); err != nil {
			return err
		}
		next, err := k.publish(ctx, i)
		if err != nil {
			return fmt.Errorf("publisher %d did not come back: %w", i, err)
		}
		*stop = next
		k.replaced.Add(1)
	}
}

// grown compares the server's quiet moments: goroutines and files with the first, before anybody came;
// memory in the last rounds with that in the first ones.
func grown(calms []calm) error {
	if len(calms) < 6 {
		return fmt.Errorf("%d rounds are too few to see growth, want 5", len(calms)-1)
	}
	first, rounds := calms[0], calms[1:]
	var all []error
	for i, c := range rounds {
		if limit := first.goroutines*105/100 + 1; c.goroutines > limit {
			all = append(all, fmt.Errorf("round %d: %d goroutines, %d before", i+1, c.goroutines, first.goroutines))
		}
		if limit := first.files*105/100 + 1; c.files > limit {
			all = append(all, fmt.Errorf("round %d: %d files, %d before", i+1, c.files, first.files))
		}
	}
	heap, rss := func(c calm) float64 { return c.heap }, func(c calm) float64 { return c.rss }
	early, late := rounds[:3], rounds[len(rounds)-3:]
	if a, b := spreadOf(early, heap).median, spreadOf(late, heap).median; b > a*1.1+1 {
		all = append(all, fmt.Errorf("the heap grew from %.1f to %.1f MiB", a, b))
	}
	if a, b := spreadOf(early, rss).median, spreadOf(late, rss).median; b > a*1.2+5 {
		all = append(all, fmt.Errorf("resident memory grew from %.1f to %.1f MiB", a, b))
	}
	if last := rounds[len(rounds)-1]; last.failed*5 > last.came {
		all = append(all, fmt.Errorf("%d viewers failed, %d came", last.failed, last.came))
	}
	return errors.Join(all...)
}

func soakTable(calms []calm) string {
	var b strings.Builder
	head(&b, "minute", "viewers came", "failed", "publishers replaced", "goroutines", "files", "heap MiB", "resident MiB")
	for _, c := range calms {
		line(&b, fixed(c.after.Minutes(), 1), fmt.Sprint(c.came), fmt.Sprint(c.failed), fmt.Sprint(c.replaced),
			fmt.Sprint(c.goroutines), fmt.Sprint(c.files), fixed(c.heap, 1), fixed(c.rss, 1))
	}
	return b.String()
}
