// Command run measures servers side by side: it starts a fresh one for each measurement, pinned to a
// core, lets bench/fanout, pinned to another, publish and watch, takes turns between the servers, and
// writes a table with medians, ranges and ratios.
//
//	go run ./bench/run [flags] [ROW ...]       rows: see row.go; without one, all of them
//
// PEER_MEDIAMTX=/path/to/mediamtx measures that one too. It must be started at the top of the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"xianfeng/bench/page"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("run", flag.ExitOnError)
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "usage: run [flags] [ROW ...]\n\nrows: %s\n\n", strings.Join(defaults, " "))
		fs.PrintDefaults()
	}
	quick := fs.Bool("short", false, "less of everything, for trying it out")
	runs := fs.Int("runs", 3, "runs of each row and server")
	seconds := fs.Int("seconds", 10, "measured time of a run")
	ours := fs.String("server", "bin/xianfeng", "our program")
	into := fs.String("into", "", "page to put the results into")
	hot := fs.Bool("micro", false, "run the packages' Go benchmarks too")
	soaked := fs.Duration("soak", 0, "instead: let viewers and publishers come and go at random for so long, and fail if the server grows")
	fs.Parse(args) //nolint:errcheck // exits
	if *soaked > 0 {
		return soak(ctx, xianfeng(*ours), *soaked)
	}
	texts, benchtime, tries := fs.Args(), "1s", 60
	if *quick {
		*runs, *seconds, benchtime, tries = 1, 3, "50ms", 15
	}
	if len(texts) == 0 {
		texts = defaults
		if *quick {
			texts = short
		}
	}
	var rows []row
	for _, text := range texts {
		r, err := parseRow(text)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}

	if *hot {
		progress("Go benchmarks")
		table, err := micro(ctx, benchtime)
		if err != nil {
			return err
		}
		if err := page.Write(*into, "micro", table); err != nil {
			return err
		}
	}
	b := &bench{servers: []program{xianfeng(*ours)}, runs: *runs, seconds: *seconds, tries: tries, say: progress}
	if peer := os.Getenv("PEER_MEDIAMTX"); peer != "" {
		b.servers = append(b.servers, mediamtx(peer))
	}
	all, failed := b.all(ctx, rows)
	if len(all) == 0 {
		return failed
	}
	command := "make bench"
	if fs.NArg() > 0 || *quick {
		command = "go run ./bench/run " + strings.Join(args, " ")
	}
	if len(b.servers) > 1 {
		command = "PEER_MEDIAMTX=… " + command
	}
	head := fmt.Sprintf("`%s`; %s; %s; %d runs of %d s a row, server by server.\n\n", command, b.machine(ctx), b.rps, *runs, *seconds)
	return errors.Join(failed, page.Write(*into, "results", head+report(all)))
}

// all measures all rows. A row that fails is said, and the others are measured still.
func (b *bench) all(ctx context.Context, rows []row) (all []*measured, err error) {
	for _, p := range b.servers {
		if _, err := os.Stat(p.binary); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	b.rps = openRPS()
	defer b.rps.restore()
	if b.load, err = newLoad(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.load.close()) }()
	var failed []error
	for _, r := range rows {
		m, err := b.row(ctx, r)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			progress("FAIL %v", err)
			failed = append(failed, err)
			continue
		}
		all = append(all, m...)
	}
	return all, errors.Join(failed...)
}

// machine says on what, when and of what the figures are.
func (b *bench) machine(ctx context.Context) string {
	text := page.Machine()
	for _, p := range b.servers {
		text += "; " + p.name + " " + p.version(ctx)
	}
	return text
}
