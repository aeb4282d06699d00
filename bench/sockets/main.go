// Command sockets measures what very many pages cost that are connected to a server: memory of idle ones, how soon the
// time is answered beside them, and how soon all pages of a province show a broadcast that one write puts on air.
// The server is a process of its own. Run it from the top of the repository, on an otherwise idle machine:
//
//	go run ./bench/sockets -into bench/README.md
//
// It refuses to know the server: it speaks docs/protocol.md and presses the console's buttons over HTTP.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"xianfeng/bench/page"
)

type settings struct {
	server, address string
	idle            int
	pages           int
	rounds          int
	clock           time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sockets:", err)
		os.Exit(1) //nolint:gocritic // stop only hears signals
	}
}

func run(ctx context.Context, args []string) error {
	var o settings
	fs := flag.NewFlagSet("sockets", flag.ExitOnError)
	fs.StringVar(&o.server, "server", "bin/xianfeng", "our program")
	fs.StringVar(&o.address, "address", "", "where it listens; without it a free port is found")
	fs.IntVar(&o.idle, "idle", 10_000, "sockets that do nothing")
	fs.IntVar(&o.pages, "pages", 2_000, "sites, each with one page open")
	fs.IntVar(&o.rounds, "rounds", 10, "broadcasts that are put on air")
	fs.DurationVar(&o.clock, "clock", 20*time.Second, "how long the time is asked for")
	into := fs.String("into", "", "page to put the results into")
	fs.Parse(args) //nolint:errcheck // exits

	data, err := os.MkdirTemp("", "xianfeng-sockets-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(data) //nolint:errcheck // a temporary folder
	p, err := serve(ctx, &o, data)
	if err != nil {
		return err
	}
	defer p.stop() //nolint:errcheck // there is an error already, or it is stopped below
	rows, err := idle(ctx, &o, p)
	if err != nil {
		return err
	}
	more, err := broadcasts(ctx, &o, p)
	if err != nil {
		return err
	}
	rows = append(rows, more...)
	if err := p.stop(); err != nil {
		return err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "`go run ./bench/sockets %s`; %s; xianfeng %s.\n\n| work | measured | aim |\n|---|---|---|\n", strings.Join(args, " "), page.Machine(), page.Commit(ctx))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", r.work, r.measured, r.aim)
	}
	return page.Write(*into, "sockets", b.String())
}

type row struct{ work, measured, aim string }
