package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"xianfeng/internal/app"
)

const ruleUsage = `usage: xianfeng rule [flags] NAME            show the rules that hold, as JSON
       xianfeng rule --set FILE [flags] NAME  have others hold at once; - is standard input
       xianfeng rule --reset [flags] NAME     have those of the program hold again

NAME is signin (passwords, lock-out, sessions), health (when a site is in bad health) or calendar (working days).

`

func rule(args []string, stdout, stderr io.Writer) int {
	var o app.RuleOptions
	fs := flag.NewFlagSet("xianfeng rule", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, ruleUsage)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.ConfigFile, "config", "", "configuration `file` of the server")
	fs.StringVar(&o.DataDir, "data", "./data", "data `folder` of the server")
	fs.StringVar(&o.File, "set", "", "`file` with the rules that are to hold")
	fs.BoolVar(&o.Reset, "reset", false, "those of the program hold again")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return exitOK
		}
		return exitUsage
	}
	if fs.NArg() != 1 || o.Reset && o.File != "" {
		fs.Usage()
		return exitUsage
	}
	o.Name, o.Stdin, o.Stdout = fs.Arg(0), os.Stdin, stdout
	if err := app.Rule(context.Background(), o); err != nil {
		fmt.Fprintln(stderr, "xianfeng:", err)
		return exitFailure
	}
	return exitOK
}
