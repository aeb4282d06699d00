package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"xianfeng/internal/calendar"
	"xianfeng/internal/config"
	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

// RuleOptions are what the command line says of a network's rules.
type RuleOptions struct {
	ConfigFile string
	DataDir    string
	Name       string // signin, health or calendar
	File       string // what holds from now on, JSON; "-": Stdin; "": it is only shown
	Reset      bool   // the rules of the program hold again

	Stdin  io.Reader
	Stdout io.Writer
}

// ruleNames are the rules that a network decides about.
var ruleNames = []string{signin.Setting, content.HealthSetting, "calendar"}

// Rule shows the rules that hold, or puts others in their place, beside a running server or without one. What is
// left out is as usual, what is misspelt or can't be is refused.
func Rule(ctx context.Context, o RuleOptions) error {
	if !slices.Contains(ruleNames, o.Name) {
		return fmt.Errorf("rule %q: one of %s", o.Name, strings.Join(ruleNames, ", "))
	}
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	n, err := openNetwork(ctx, &cfg, o.DataDir, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer n.db.Close() //nolint:errcheck // what was written is kept
	if o.File == "" && !o.Reset {
		return n.showRule(ctx, o)
	}
	var set json.RawMessage // nil: those of the program
	if !o.Reset {
		if set, err = o.read(); err == nil {
			_, err = ruleOf(o.Name, set, n.zone)
		}
		if err != nil {
			return fmt.Errorf("rule %s: %w", o.Name, err)
		}
	}
	entry := site.Entry{By: site.System, Action: "setting.change", Object: "setting:" + o.Name, Detail: `{"by":"command line"}`}
	return n.db.SetSetting(ctx, 0, o.Name, set, entry)
}

func (n *network) showRule(ctx context.Context, o RuleOptions) error {
	set, err := n.db.Setting(ctx, nil, o.Name)
	if err != nil && !errors.Is(err, errs.NotFound) {
		return err
	}
	rule, err := ruleOf(o.Name, set, n.zone)
	if err != nil {
		return fmt.Errorf("rule %s, as it is set: %w", o.Name, err)
	}
	b, err := json.MarshalIndent(rule, "", "  ")
	if err != nil {
		return fmt.Errorf("rule %s: %w", o.Name, err)
	}
	_, err = fmt.Fprintf(o.Stdout, "%s\n", b)
	return err
}

// maxRule is more than any rule has, in bytes.
const maxRule = 1 << 20

func (o *RuleOptions) read() ([]byte, error) {
	in := o.Stdin
	if o.File != "-" {
		f, err := os.Open(o.File)
		if err != nil {
			return nil, err
		}
		defer f.Close() //nolint:errcheck // it was only read
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxRule+1))
	if err == nil && len(b) > maxRule {
		err = errs.TooLarge
	}
	return b, err
}

// ruleOf reads a rule over the usual one, and checks it. set nil: nothing is set.
func ruleOf(name string, set json.RawMessage, zone *time.Location) (rule any, err error) {
	over := func(into any) error {
		if set == nil {
			return nil
		}
		d := json.NewDecoder(bytes.NewReader(set))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			return err
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return fmt.Errorf("there is more after its end: %w", errs.Invalid)
		}
		return nil
	}
	switch name {
	case signin.Setting:
		r := signin.DefaultRules()
		if err = over(&r); err == nil {
			err = r.Check()
		}
		return r, err
	case content.HealthSetting:
		r := content.DefaultRules()
		if err = over(&r); err == nil {
			err = r.Check()
		}
		return r, err
	default:
		var d calendar.Data // a calendar is whole: days are not added to those of the program
		if set == nil {
			return calendar.China()
		}
		if err = over(&d); err == nil {
			_, err = calendar.New(d, zone)
		}
		return d, err
	}
}
