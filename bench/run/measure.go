package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// reading is what `fanout read` prints.
type reading struct {
	Connected int     `json:"connected"`
	Readers   int     `json:"readers"`
	Seconds   float64 `json:"seconds"`
	Mbits     float64 `json:"mbits"`
	Lost      float64 `json:"lost"`
	LoadDrops float64 `json:"load_drops"`
	LoadCPU   float64 `json:"load_cpu"`
	Starved   float64 `json:"starved_pct"`
	P50       float64 `json:"latency_p50_ms"`
	P99       float64 `json:"latency_p99_ms"`
	AnswerP50 float64 `json:"answer_p50_ms"`
	AnswerP99 float64 `json:"answer_p99_ms"`
	Stalls    float64 `json:"stalls"`
	CPU       float64 `json:"server_cpu_s_per_gbit"`
	Memory    float64 `json:"server_rss_kib_per_reader"`
}

// wait is what `fanout first` prints.
type wait struct {
	Failed int     `json:"failed"`
	P50    float64 `json:"p50_ms"`
	P95    float64 `json:"p95_ms"`
	Max    float64 `json:"max_ms"`
}

// round is what a server was like after so many viewers had come and left.
type round struct {
	figures
	came int
}

// measured is all that was seen of one server at one row.
type measured struct {
	row      row
	server   string
	readings []reading
	waits    []wait
	rounds   []round // the first: before anybody came
}

// bench measures rows on servers.
type bench struct {
	servers []program // ours first
	runs    int
	seconds int
	tries   int // viewers of a row "first"
	load    *load
	rps     *rps
	say     func(format string, args ...any)
}

// row measures one row: each server in turn, as many times as there are runs, each time a fresh
// process, so that neither has the better minutes and memory is its own.
func (b *bench) row(ctx context.Context, r row) ([]*measured, error) {
	var all []*measured
	for _, p := range b.servers {
		if p.name == b.servers[0].name || !r.own {
			all = append(all, &measured{row: r, server: p.name})
		}
	}
	runs := b.runs
	if r.kind == "churn" {
		runs = 1 // its rounds are runs
	}
	for run := range runs {
		for i, m := range all {
			b.say("%s, %s, run %d of %d", r.text, m.server, run+1, runs)
			if err := b.once(ctx, b.servers[i], m); err != nil {
				return nil, fmt.Errorf("%s of %s: %w", r.text, m.server, err)
			}
		}
	}
	return all, nil
}

func (b *bench) once(ctx context.Context, p program, m *measured) (err error) {
	if err := b.rps.set(!m.row.rpsOff); err != nil {
		return err
	}
	if _, err := b.load.file(ctx, m.row.clip); err != nil { // not while a server waits for it
		return err
	}
	s, err := p.start(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if e := s.stop(); err == nil {
			err = e
		}
	}()
	stop, err := b.load.publish(ctx, s.urls, m.row)
	if err != nil {
		return err
	}
	defer stop()
	if err := pause(ctx, 3*time.Second); err != nil {
		return err
	}
	args := []string{
		"-proto", m.row.protocol, "-streams", strconv.Itoa(m.row.streams),
		"-url", address(s.urls.of(m.row.protocol), m.row.streams),
	}
	if m.row.twcc {
		args = append(args, "-twcc")
	}
	switch m.row.kind {
	case "first":
		var w wait
		// 137 ms and a group of pictures have no common measure: viewers come at points all over it.
		args = append([]string{"first"}, append(args, "-n", strconv.Itoa(b.tries), "-every", "137ms")...)
		err = b.load.call(ctx, &w, args...)
		m.waits = append(m.waits, w)
	case "churn":
		m.rounds, err = b.churn(ctx, s, m.row, args)
	default:
		var res reading
		args = append([]string{"read"}, append(args, "-n", strconv.Itoa(m.row.viewers),
			"-for", fmt.Sprintf("%ds", b.seconds), "-pid", strconv.Itoa(s.cmd.Process.Pid))...)
		err = b.load.call(ctx, &res, args...)
		b.say("  %.3f cpu-s per Gbit, %.0f lost, p50 %.1f ms, p99 %.1f ms, load core %.0f %%", res.CPU, res.Lost, res.P50, res.P99, 100*res.LoadCPU)
		m.readings = append(m.readings, res)
	}
	return err
}

// ripe is how old a stream must be before its server's memory is looked at: until then the last half
// minute, which HLS keeps, is still filling up.
const ripe = 45 * time.Second

// churn lets viewers come and leave, and looks at the server after each round, once it is quiet.
func (b *bench) churn(ctx context.Context, s *process, r row, args []string) ([]round, error) {
	if err := pause(ctx, ripe); err != nil {
		return nil, err
	}
	begin, err := settle(ctx, s.urls.metrics, 0)
	if err != nil {
		return nil, err
	}
	rounds := []round{{figures: begin}}
	for range r.rounds {
		var res struct {
			Came int `json:"came"`
		}
		if err := b.load.call(ctx, &res, append([]string{"churn", "-n", strconv.Itoa(r.viewers), "-ramp", "1ms"}, args...)...); err != nil {
			return nil, err
		}
		f, err := settle(ctx, s.urls.metrics, begin.goroutines)
		if err != nil {
			return nil, err
		}
		b.say("  %v", f)
		rounds = append(rounds, round{f, res.Came})
	}
	return rounds, nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
