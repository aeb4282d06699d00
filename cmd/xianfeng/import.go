package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"xianfeng/internal/app"
)

const importUsage = `usage: xianfeng import [flags] FILE.csv

Makes sites of a list, or brings them up to date: whole, or nothing of it. - is standard input.
The first line names the columns: code,parent,level,name (代码,上级,级别,名称), and if wanted
short,host,phone,address,email,intro,theme,kind. UTF-8, GBK and UTF-16 are read.

`

func importSites(args []string, stdout, stderr io.Writer) int {
	var o app.ImportOptions
	fs := flag.NewFlagSet("xianfeng import", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, importUsage)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.ConfigFile, "config", "", "configuration `file` of the server")
	fs.StringVar(&o.DataDir, "data", "./data", "data `folder` of the server")
	fs.BoolVar(&o.DryRun, "dry-run", false, "show what would be done")
	fs.BoolVar(&o.SkipBad, "skip-bad", false, "leave bad lines out, and what is below them")
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
	o.File, o.Stdin, o.Stdout, o.Stderr = fs.Arg(0), os.Stdin, stdout, stderr
	o.Chinese, o.Terminal = speaksChinese(), isTerminal(stderr)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := app.Import(ctx, o); err != nil {
		fmt.Fprintln(stderr, "xianfeng:", err)
		return exitFailure
	}
	return exitOK
}

// speaksChinese reports whether whoever runs the program has set it to Chinese.
func speaksChinese() bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return strings.HasPrefix(v, "zh")
		}
	}
	return false
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
