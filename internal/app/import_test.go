package app

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"xianfeng/internal/config"
	"xianfeng/internal/testaid"
)

// importChild is set in a copy of the test program that only imports, to be killed: folder and file.
const importChild = "XIANFENG_TEST_IMPORT"

func TestMain(m *testing.M) {
	if dir, file, ok := strings.Cut(os.Getenv(importChild), "|"); ok {
		if err := Import(context.Background(), ImportOptions{DataDir: dir, File: file, Stdout: io.Discard, Stderr: os.Stdout}); err != nil {
			os.Stderr.WriteString(err.Error()) //nolint:errcheck // the parent looks at the exit code
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// sitesCSV is a list of n sites in two levels, all of them with one name.
func sitesCSV(t testing.TB, n int, name string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("code,parent,level,name\n51,,province," + name + "\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "c%d,51,county,%s\n", i, name)
	}
	return writeCSV(t, b.String())
}

func writeCSV(t testing.TB, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sites.csv")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestImportBesideARunningServer(t *testing.T) {
	s, _ := begin(t, "", nil)
	told := make(chan int, 16)
	s.network.listen(func([]string) { told <- s.network.sites.Tree().Len() })
	o := ImportOptions{DataDir: s.opts.DataDir, File: sitesCSV(t, 30, "站"), Stdout: io.Discard, Stderr: io.Discard}
	if err := Import(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	// Whoever keeps pages is told when the tree is the new one already.
	if got := <-told; got != 30 {
		t.Errorf("the tree at the time of telling: got %d sites, want 30", got)
	}
}

func TestImportReports(t *testing.T) {
	dir := t.TempDir()
	run := func(change func(*ImportOptions), csv string) (string, string, error) {
		var out, progress bytes.Buffer
		o := ImportOptions{DataDir: dir, File: "-", Stdin: strings.NewReader(csv), Stdout: &out, Stderr: &progress}
		if change != nil {
			change(&o)
		}
		err := Import(t.Context(), o)
		return out.String(), progress.String(), err
	}
	const good = "code,parent,level,name,colour\n51,,province,省,red\n5101,51,city,市,\n"
	const bad = good + "5102,52,city,乙市,\n"
	for _, c := range []struct {
		name     string
		change   func(*ImportOptions)
		csv      string
		out, err string
	}{
		{"dry run", func(o *ImportOptions) { o.DryRun = true }, good, "would create 2, change 0, leave 0; bad 0", ""},
		{"a bad line", nil, bad, "line 4  5102  there is no site 52 above it", "1 bad lines, nothing was imported"},
		{"in Chinese", func(o *ImportOptions) { o.Chinese = true }, bad, "第 4 行  5102  上级 52 不存在", "没有导入任何内容"},
		{"dry run with a bad line", func(o *ImportOptions) { o.DryRun = true }, bad, "would create 2", "1 bad lines"},
		{"no list", nil, "a,b\n", "", "the column code is missing; the column parent is missing"},
		{"bad line left out", func(o *ImportOptions) { o.SkipBad = true }, bad, "created 2, changed 0, unchanged 0, left out 1", ""},
		{"again", nil, good, "Nothing to change: 2 sites", ""},
		{"unknown column", nil, good, "left out: colour", ""},
		{"no file", func(o *ImportOptions) { o.File = "/nowhere.csv" }, "", "", "import /nowhere.csv: no such file"},
	} {
		out, _, err := run(c.change, c.csv)
		if !strings.Contains(out, c.out) {
			t.Errorf("%s: got %s, want %q in it", c.name, out, c.out)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
	}
	_, lines, err := run(nil, strings.ReplaceAll(good, "市", "州"))
	if err != nil || lines != "checked 2/2\nstored 1/1\n" {
		t.Errorf("progress: got %q, %v", lines, err)
	}
	_, bar, err := run(func(o *ImportOptions) { o.Terminal = true }, good)
	if err != nil || !strings.HasSuffix(bar, "\rstored [========================================] 1/1 \n") {
		t.Errorf("progress on a terminal: got %q, %v", bar, err)
	}
}

// Whenever an import is killed: all of it is there, or nothing.
func TestKilledImportLeavesNothingHalfDone(t *testing.T) {
	const sites = 1200
	rounds := testaid.Times(t, "XIANFENG_TEST_KILLS", 12)
	dir := t.TempDir()
	lists := [2]string{sitesCSV(t, sites, "甲"), sitesCSV(t, sites, "乙")}
	if err := Import(t.Context(), ImportOptions{DataDir: dir, File: lists[0], Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	now, kept := 0, 0
	for round := range rounds {
		next := 1 - now
		killImport(t, dir, lists[next], round%12)
		switch names := siteNames(t, dir); {
		case len(names) != 1:
			t.Fatalf("round %d: half done: %v", round, names)
		case names[[2]string{"甲", "乙"}[next]] == sites:
			now = next
			kept++
		case names[[2]string{"甲", "乙"}[now]] != sites:
			t.Fatalf("round %d: got %v, want %d sites", round, names, sites)
		}
	}
	t.Logf("%d of %d imports were done before they were killed", kept, rounds)
}

// killImport runs an import as a program of its own and kills it after some lines of progress.
func killImport(t *testing.T, dir, file string, after int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), importChild+"="+dir+"|"+file)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for range after {
		if !lines.Scan() {
			break // it is done
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() //nolint:errcheck // it was killed
}

// siteNames returns how many sites have each name. The log of what was done must hold too.
func siteNames(t *testing.T, dir string) map[string]int {
	t.Helper()
	cfg := config.Default()
	n, err := openNetwork(t.Context(), &cfg, dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer n.db.Close() //nolint:errcheck // only read
	if _, err := n.db.CheckAudit(t.Context()); err != nil {
		t.Error(err)
	}
	names := map[string]int{}
	for _, x := range n.sites.Tree().All() {
		names[x.Name]++
	}
	return names
}

func BenchmarkImport20000(b *testing.B) {
	file := sitesCSV(b, 20_000, "站")
	for b.Loop() {
		dir := b.TempDir()
		if err := Import(b.Context(), ImportOptions{DataDir: dir, File: file, Stdout: io.Discard, Stderr: io.Discard}); err != nil {
			b.Fatal(err)
		}
	}
}
