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

const accountUsage = `usage: xianfeng account add --login LOGIN [flags]        make somebody who can sign in
       xianfeng account password --login LOGIN [flags]   give somebody another password

`

func account(args []string, stdout, stderr io.Writer) int {
	var o app.AccountOptions
	fs := flag.NewFlagSet("xianfeng account", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.Usage = func() {
		fmt.Fprint(stderr, accountUsage)
		fs.PrintDefaults()
	}
	fs.StringVar(&o.ConfigFile, "config", "", "configuration `file` of the server")
	fs.StringVar(&o.DataDir, "data", "./data", "data `folder` of the server")
	fs.StringVar(&o.Login, "login", "", "what they sign in as")
	fs.BoolVar(&o.OwnWords, "password-stdin", false, "read the password from standard input; without it one is made and shown")
	run := app.SetPassword
	switch {
	case len(args) > 0 && args[0] == "add":
		fs.StringVar(&o.Name, "name", "", "their `name`")
		fs.StringVar(&o.Role, "role", "administrator", "what they may do: administrator, editor, author, reviewer, moderator, viewer, operator")
		fs.StringVar(&o.Site, "site", "", "`code` of the site on which they may, and on all below it; without it the one at the top")
		run = app.AddAccount
	case len(args) > 0 && args[0] == "password":
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
	if fs.NArg() > 0 || o.Login == "" {
		fs.Usage()
		return exitUsage
	}
	o.Stdin, o.Stdout = os.Stdin, stdout
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(stderr, "xianfeng:", err)
		return exitFailure
	}
	return exitOK
}
