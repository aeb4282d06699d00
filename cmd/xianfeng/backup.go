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

const backupUsage = `usage: xianfeng backup [flags] FILE.tar.gz
       xianfeng restore [flags] FILE.tar.gz

A backup has the sites, people, articles, files and the audit log in it, as they are at one moment; recordings
it has not. It holds password hashes and keys: keep it as safe as the server. A restore wants a data folder and
a database that are empty, of either kind, and is whole or nothing. - is standard output or input.

`

func backup(name string, run func(context.Context, app.BackupOptions) error, args []string, stdout, stderr io.Writer) int {
	var o app.BackupOptions
	fs := flag.NewFlagSet("xianfeng "+name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, backupUsage)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.ConfigFile, "config", "", "configuration `file` of the server")
	fs.StringVar(&o.DataDir, "data", "./data", "data `folder` of the server")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if fs.NArg() != 1 {
		fs.Usage()
		return exitUsage
	}
	o.File, o.Stdin, o.Stdout, o.Stderr, o.Chinese = fs.Arg(0), os.Stdin, stdout, stderr, speaksChinese()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(stderr, "xianfeng:", err)
		return exitFailure
	}
	return exitOK
}
