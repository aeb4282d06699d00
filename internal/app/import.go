package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"xianfeng/internal/config"
	"xianfeng/internal/errs"
	"xianfeng/internal/roster"
	"xianfeng/internal/site"
)

// ImportOptions are what the command line says of an import.
type ImportOptions struct {
	ConfigFile string
	DataDir    string
	File       string // "-": standard input
	DryRun     bool   // show what would be done
	SkipBad    bool   // take the good lines where others are bad

	Chinese  bool // words of the report
	Terminal bool // Stderr is one: progress is a bar
	Stdin    io.Reader
	Stdout   io.Writer // the report
	Stderr   io.Writer // progress
}

// Import puts a list of sites into the network, beside a running server or without one. Lines that are bad are
// an error, and then nothing is imported, unless they are to be left out.
func Import(ctx context.Context, o ImportOptions) error {
	l, err := o.read()
	if err != nil {
		return fmt.Errorf("import %s: %w", o.File, o.plain(err))
	}
	n, err := o.open(ctx)
	if err != nil {
		return err
	}
	defer n.db.Close() //nolint:errcheck // what was imported is kept
	p := &progress{w: o.Stderr, bar: o.Terminal, chinese: o.Chinese}
	how := roster.Options{SkipBad: o.SkipBad, By: site.System, Source: filepath.Base(o.File), Progress: p.tell}
	var report roster.Report
	if o.DryRun {
		_, report = l.Plan(n.sites.Tree(), how)
	} else {
		report, err = roster.Import(ctx, n.sites, l, how)
		if err == nil {
			err = errors.Join(n.furnish(ctx), n.moves.finish(ctx))
		}
	}
	p.end()
	o.print(&report)
	switch {
	case errors.Is(err, errs.Invalid), o.DryRun && !report.Good() && !o.SkipBad:
		return fmt.Errorf("import %s: %s", o.File, o.say(
			fmt.Sprintf("有 %d 行不能导入，因此没有导入任何内容（--skip-bad 可跳过这些行）", len(report.Bad)),
			fmt.Sprintf("%d bad lines, nothing was imported (--skip-bad leaves them out)", len(report.Bad))))
	case err != nil:
		return fmt.Errorf("import %s: %w", o.File, err)
	}
	return nil
}

func (o *ImportOptions) read() (*roster.List, error) {
	if o.File == "-" {
		return roster.Read(o.Stdin)
	}
	f, err := os.Open(o.File)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			return nil, p.Err // its name is told already
		}
		return nil, fmt.Errorf("open: %w", err)
	}
	defer f.Close() //nolint:errcheck // it was read
	return roster.Read(f)
}

func (o *ImportOptions) open(ctx context.Context) (*network, error) {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.DataDir, 0o750); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	n, err := openNetwork(ctx, &cfg, o.DataDir, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, fmt.Errorf("open the network of sites: %w", err)
	}
	return n, nil
}

// plain turns what is wrong with a whole list into words.
func (o *ImportOptions) plain(err error) error {
	var problems errs.Problems
	if !errors.As(err, &problems) {
		return err
	}
	return errors.New(roster.Line{Problems: problems}.Text(o.Chinese))
}

func (o *ImportOptions) say(chinese, english string) string {
	if o.Chinese {
		return chinese
	}
	return english
}

// The most lines of a kind that are printed.
const (
	mostBad     = 1000
	mostNotices = 20
)

func (o *ImportOptions) print(r *roster.Report) {
	out := o.Stdout
	lines := func(title string, list []roster.Line, most int) {
		if len(list) == 0 {
			return
		}
		fmt.Fprintf(out, "\n%s\n", title)
		for _, l := range list[:min(len(list), most)] {
			fmt.Fprintf(out, o.say("  第 %d 行  %s  %s\n", "  line %d  %s  %s\n"), l.Number, l.Code, l.Text(o.Chinese))
		}
		if more := len(list) - most; more > 0 {
			fmt.Fprintf(out, o.say("  ……还有 %d 行\n", "  … and %d more\n"), more)
		}
	}
	fmt.Fprintf(out, o.say("%s：%d 行，编码 %s\n", "%s: %d lines, %s\n"), o.File, r.Rows, r.Encoding)
	if len(r.Unknown) > 0 {
		fmt.Fprintf(out, o.say("忽略不认识的列：%s\n", "columns that are not known and left out: %s\n"), strings.Join(r.Unknown, ", "))
	}
	lines(o.say("提示：", "To look at:"), r.Notices, mostNotices)
	lines(o.say("不能导入：", "Bad:"), r.Bad, mostBad)
	done := r.Good() || o.SkipBad
	switch {
	case done && r.Created+r.Changed == 0:
		fmt.Fprintf(out, o.say("\n没有变化（%d 个站点与表格一致）\n", "\nNothing to change: %d sites are as the list says\n"), r.Unchanged)
	case done && !o.DryRun:
		fmt.Fprintf(out, o.say("\n新建 %d，更新 %d，未变 %d，跳过 %d\n", "\ncreated %d, changed %d, unchanged %d, left out %d\n"), r.Created, r.Changed, r.Unchanged, len(r.Bad))
	default:
		fmt.Fprintf(out, o.say("\n将新建 %d，更新 %d，不变 %d；有错 %d\n", "\nwould create %d, change %d, leave %d; bad %d\n"), r.Created, r.Changed, r.Unchanged, len(r.Bad))
	}
}

// progress shows how far an import is: a bar on a terminal, else a line for each tenth.
type progress struct {
	w       io.Writer
	bar     bool
	chinese bool
	step    roster.Step
	tenth   int
	open    bool // the cursor stands behind a bar
}

const barWidth = 40

var stepNames = map[roster.Step]struct{ english, chinese string }{
	roster.Checked: {"checked", "已检查"},
	roster.Stored:  {"stored", "已写入"},
}

func (p *progress) tell(step roster.Step, n, total int) {
	if total == 0 {
		return
	}
	tenth := n * 10 / total
	if step == p.step && tenth == p.tenth && !p.bar {
		return
	}
	p.step, p.tenth = step, tenth
	name := stepNames[step].english
	if p.chinese {
		name = stepNames[step].chinese
	}
	if !p.bar {
		fmt.Fprintf(p.w, "%s %d/%d\n", name, n, total)
		return
	}
	full := n * barWidth / total
	fmt.Fprintf(p.w, "\r%s [%s%s] %d/%d ", name, strings.Repeat("=", full), strings.Repeat(" ", barWidth-full), n, total)
	p.open = true
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.open {
		fmt.Fprintln(p.w)
		p.open = false
	}
}
