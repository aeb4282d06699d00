// Command network measures what a network of twenty thousand sites costs: it makes one, through the doors that
// people use, runs the server on it, and asks as visitors do. Run it from the top of the repository, on an
// otherwise idle machine:
//
//	go run ./bench/network -into bench/README.md
//
// The figures of a page that is kept are those of the whole server, beside a bare net/http handler that writes
// the same bytes, driven by the same load in turns.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"xianfeng/bench/page"
)

// settings are what the command line says.
type settings struct {
	server   string
	sites    int
	articles int // on each site
	million  int // articles of the network that is searched
	visits   int // to pages that are not kept yet
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "-bare" {
		if err := bare(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bare:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "network:", err)
		os.Exit(1) //nolint:gocritic // stop only hears signals
	}
}

func run(ctx context.Context, args []string) error {
	var o settings
	fs := flag.NewFlagSet("network", flag.ExitOnError)
	fs.StringVar(&o.server, "server", "bin/xianfeng", "our program")
	fs.IntVar(&o.sites, "sites", 20_000, "sites of the network")
	fs.IntVar(&o.articles, "articles", 5, "articles on each of them")
	fs.IntVar(&o.million, "million", 1_000_000, "articles of the network that is searched; 0: don't")
	fs.IntVar(&o.visits, "visits", 5_000, "visits to pages that are not kept yet")
	data := fs.String("data", "", "folder for the networks, which are kept there and not made again; without it a temporary one")
	into := fs.String("into", "", "page to put the results into")
	fs.Parse(args) //nolint:errcheck // exits

	dir := *data
	if dir == "" {
		made, err := os.MkdirTemp("", "bench-network-")
		if err != nil {
			return fmt.Errorf("make a folder: %w", err)
		}
		defer os.RemoveAll(made) //nolint:errcheck // a temporary folder
		dir = made
	}
	server, err := filepath.Abs(o.server)
	if err != nil {
		return fmt.Errorf("find the server: %w", err)
	}
	o.server = server
	var t table
	err = whole(ctx, o, filepath.Join(dir, "network"), &t)
	if err == nil && o.million > 0 {
		err = searched(ctx, o, filepath.Join(dir, "search"), &t)
	}
	command := strings.TrimSpace("go run ./bench/network " + strings.Join(args, " "))
	head := fmt.Sprintf("`%s`; %s; xianfeng %s; SQLite; server and load on the same cores.\n\n", command, page.Machine(), page.Commit(ctx))
	return errors.Join(err, page.Write(*into, "network", head+t.String()))
}

// table is what came out.
type table struct{ rows []string }

func (t *table) add(work, got, want string) {
	t.rows = append(t.rows, fmt.Sprintf("| %s | %s | %s |", work, got, want))
	fmt.Fprintf(os.Stderr, "%s: %s (want %s)\n", work, got, want)
}

func (t *table) String() string {
	return "| work | measured | aim |\n|---|---|---|\n" + strings.Join(t.rows, "\n") + "\n"
}
