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

const libraryUsage = `usage: xianfeng library add [flags] FILE.mp4   keep a film: MP4 or fragmented MP4 with H.264, H.265 or AV1 and AAC or Opus
       xianfeng library list [flags]           what is kept
       xianfeng library remove [flags] ID      throw one away

Beside a running server or without one. Nothing is coded anew: what browsers can't play is refused.

`

func library(args []string, stdout, stderr io.Writer) int {
	var o app.LibraryOptions
	fs := flag.NewFlagSet("xianfeng library", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, libraryUsage)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.ConfigFile, "config", "", "configuration `file` of the server")
	fs.StringVar(&o.DataDir, "data", "./data", "data `folder` of the server")
	var run func(context.Context, app.LibraryOptions) error
	want := 1
	switch {
	case len(args) > 0 && args[0] == "add":
		fs.StringVar(&o.Title, "title", "", "what it is called; without it, as the file")
		run = app.LibraryAdd
	case len(args) > 0 && args[0] == "list":
		run, want = app.LibraryList, 0
	case len(args) > 0 && args[0] == "remove":
		run = app.LibraryRemove
	default:
		fs.Usage()
		return exitUsage
	}
	if err := fs.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	// Flags may stand behind the file as well.
	var names []string
	for fs.NArg() > 0 {
		names = append(names, fs.Arg(0))
		if err := fs.Parse(fs.Args()[1:]); err != nil {
			return exitUsage
		}
	}
	if len(names) != want {
		fs.Usage()
		return exitUsage
	}
	if want == 1 {
		o.Name = names[0]
	}
	o.Stdout, o.Stderr, o.Chinese, o.Terminal = stdout, stderr, speaksChinese(), isTerminal(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(stderr, "xianfeng:", err)
		return exitFailure
	}
	return exitOK
}
