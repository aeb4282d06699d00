package store

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"xianfeng/internal/site"
	"xianfeng/internal/testaid"
)

// writerAddress makes the test binary a process that writes until it is killed, see TestMain.
const writerAddress = "XIANFENG_TEST_WRITER"

// writeUntilKilled adds pairs of sites, each with two lines in the log, an alias and a tag, and prints how
// many pairs there are.
func writeUntilKilled(address string) {
	err := func() error {
		ctx := context.Background()
		db, err := Open(ctx, address)
		if err != nil {
			return err
		}
		sites, _, err := db.Sites(ctx)
		if err != nil {
			return err
		}
		for n := len(sites) / 2; ; n++ {
			a, b := fmt.Sprint("a", n), fmt.Sprint("b", n)
			_, err := db.SaveSites(ctx, site.Change{
				Sites:   []site.Site{{Code: a, Level: site.Township, Name: strings.Repeat("镇", 3000)}, {Code: b, Level: site.Village, Name: "村"}},
				Above:   map[string]string{b: a},
				Aliases: []site.Alias{{Code: "old" + a, Site: 1}},
				Entries: []site.Entry{{By: 1, Action: "site.create", Object: a}, {By: 1, Action: "site.create", Object: b}},
				Tags:    []string{"network"},
			})
			if err != nil {
				return err
			}
			fmt.Println(n + 1)
		}
	}()
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestKilledWhileItWrites(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		killWriters(t, "sqlite:"+filepath.Join(t.TempDir(), "network.db"), testaid.Times(t, "XIANFENG_TEST_KILLS", 25))
	})
	t.Run("postgres", func(t *testing.T) { killWriters(t, newPostgres(t), 10) })
}

func killWriters(t *testing.T, address string, times int) {
	luck := rand.New(rand.NewPCG(4, 20))
	kept := 0
	for range times {
		told := killWriter(t, address, 1+luck.IntN(6))
		now := countWhole(t, address)
		if now < told || told <= kept {
			t.Fatalf("there were %d pairs, the writer told of %d, %d are there", kept, told, now)
		}
		kept = now
	}
}

// killWriter kills a writer while it is at the write after the n-th, and returns how many pairs it told of.
func killWriter(t *testing.T, address string, n int) (told int) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), writerAddress+"="+address)
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for i := 0; i < n && lines.Scan(); i++ {
		if told, err = strconv.Atoi(lines.Text()); err != nil {
			t.Error(err)
		}
	}
	if err := c.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = c.Wait() // killed
	return told
}

// countWhole returns how many pairs there are, and fails where one is half there.
func countWhole(t *testing.T, address string) int {
	t.Helper()
	db, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // nothing was written
	// PostgreSQL may still be at what a killed process asked for last: this write comes after it.
	if err := db.do(t.Context(), func(*tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	n, err := site.OpenNetwork(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := db.CheckAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var aliases, changes int
	if err := db.row(t.Context(), "SELECT (SELECT COUNT(*) FROM site_aliases), (SELECT COUNT(*) FROM changes)").Scan(&aliases, &changes); err != nil {
		t.Fatal(err)
	}
	pairs := len(n.Tree().Tops())
	if n.Tree().Len() != 2*pairs || int(lines) != 2*pairs || aliases != pairs || changes != pairs {
		t.Fatalf("%d pairs: got %d sites, %d lines in the log, %d aliases, %d changes", pairs, n.Tree().Len(), lines, aliases, changes)
	}
	return pairs
}
