// Command xianfeng is the whole server. It parses flags, builds, runs and maps the result to an exit
// code; everything else is in package app.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"xianfeng/internal/app"
)

const usage = `usage: xianfeng COMMAND [flags]

  serve [--config FILE] [--data DIR]   run the server (pages on http://localhost:8080)
  serve --demo                         run with a test card in a temporary folder
  serve --open                         no keys asked, this machine only
  import [--data DIR] FILE.csv         make sites of a list, beside a running server or without one
  library add [--data DIR] FILE.mp4    keep a film to be watched, beside a running server or without one
  account add --login LOGIN            make somebody who can sign in; first an administrator
  rule [--data DIR] NAME               show or set what the network decides: signin, health, calendar
  backup [--data DIR] FILE             keep the whole network in one file, beside a running server or without one
  restore [--data DIR] FILE            bring it back, into a data folder and database that are empty
  version                              print the version

xianfeng COMMAND -h lists the flags. Signals: SIGHUP reads the configuration again,
SIGINT and SIGTERM stop.
`

// Exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	switch args[0] {
	case "serve":
		return serve(args[1:], stdout, stderr)
	case "import":
		return importSites(args[1:], stdout, stderr)
	case "library":
		return library(args[1:], stdout, stderr)
	case "account":
		return account(args[1:], stdout, stderr)
	case "rule":
		return rule(args[1:], stdout, stderr)
	case "backup":
		return backup("backup", app.Backup, args[1:], stdout, stderr)
	case "restore":
		return backup("restore", app.Restore, args[1:], stdout, stderr)
	case "version", "--version", "-version":
		fmt.Fprintln(stdout, "xianfeng", app.Version())
		return exitOK
	case "help", "--help", "-h":
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "xianfeng: unknown command %q\n\n%s", args[0], usage)
		return exitUsage
	}
}

func serve(args []string, stdout, stderr io.Writer) int {
	var o app.Options
	fs := flag.NewFlagSet("xianfeng serve", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.ConfigFile, "config", "", "configuration `file`; without it the defaults hold")
	fs.StringVar(&o.DataDir, "data", "./data", "`folder` for everything that is kept")
	fs.BoolVar(&o.Open, "open", false, "anyone on this machine may publish and watch")
	fs.BoolVar(&o.Demo, "demo", false, "show a test card, keep everything in a temporary folder")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if fs.NArg() > 0 {
		fmt.Fprintf(stderr, "xianfeng serve: unexpected argument %q\n", fs.Arg(0))
		return exitUsage
	}
	fs.Visit(func(f *flag.Flag) {
		if f.Name == "data" && o.Demo {
			fmt.Fprintln(stderr, "xianfeng serve: the demo keeps everything in a temporary folder; --data is not used")
		}
	})
	o.Stdout, o.Stderr = stdout, stderr

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	reload := make(chan os.Signal, 1) // full: a reload is about to happen anyway
	signal.Notify(reload, syscall.SIGHUP)
	defer signal.Stop(reload)
	o.Reload = reload

	if err := app.Serve(ctx, o); err != nil {
		fmt.Fprintln(stderr, "xianfeng:", err)
		return exitFailure
	}
	return exitOK
}
