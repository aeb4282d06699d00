package signin

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestKeyFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "signin.key")
	var wg sync.WaitGroup
	keys := make([]*Key, 8)
	for i := range keys { // all start at once
		wg.Go(func() {
			k, err := LoadKey(file)
			if err != nil {
				t.Error(err)
			}
			keys[i] = k
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
	sealed := keys[0].seal("x", []byte("text"))
	for _, k := range keys[1:] {
		if b, err := k.open("x", sealed); err != nil || string(b) != "text" {
			t.Errorf("another process's key: %q, %v", b, err)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode: got %v, %v", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(file); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := os.WriteFile(file, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(file); err == nil {
		t.Error("a file without a key is taken")
	}
}

func TestSealIsForOnePurposeAndTime(t *testing.T) {
	k, now := NewKey([32]byte{1}), time.Unix(1000, 0)
	text, err := k.sealText("half", now.Add(time.Minute), 7)
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := k.openText("half", text, now, &n); err != nil || n != 7 {
		t.Fatalf("got %d, %v", n, err)
	}
	changed := []byte(text)
	changed[len(changed)-3] ^= 1
	for what, err := range map[string]error{
		"for another purpose": k.openText("device", text, now, &n),
		"too old":             k.openText("half", text, now.Add(time.Minute), &n),
		"changed":             k.openText("half", string(changed), now, &n),
		"by another key":      NewKey([32]byte{2}).openText("half", text, now, &n),
		"of another shape":    k.openText("half", text, now, new([]string)),
		"empty":               k.openText("half", "", now, &n),
		"very long":           k.openText("half", strings.Repeat("A", 1<<20), now, &n),
	} {
		if err == nil {
			t.Errorf("a seal %s opens", what)
		}
	}
}

func TestNamesDiffer(t *testing.T) {
	k := NewKey([32]byte{1})
	seen := map[string]bool{}
	for _, parts := range [][]string{{"a", "bc"}, {"ab", "c"}, {"abc"}, {"abc", ""}, {"", "abc"}} {
		seen[k.name(parts...)] = true
	}
	if len(seen) != 5 {
		t.Errorf("%d names of 5", len(seen))
	}
}

func TestOnceIsBounded(t *testing.T) {
	var o once
	now := time.Unix(1000, 0)
	if !o.first("a", now, time.Minute) || o.first("a", now, time.Minute) || !o.first("a", now.Add(time.Minute), time.Minute) {
		t.Error("once is not once")
	}
	for i := range onceMost + 10 {
		o.first(strconv.Itoa(i), now, time.Minute)
	}
	if len(o.used) > onceMost {
		t.Errorf("%d are known", len(o.used))
	}
	if !o.first("b", now.Add(3*time.Minute), time.Minute) {
		t.Error("those that are over make no room")
	}
}

func TestLimiterIsBounded(t *testing.T) {
	var l limiter
	now := time.Unix(1000, 0)
	for i := range addresses + 10 {
		l.take(strconv.Itoa(i), 30, now)
	}
	if len(l.seen) > addresses {
		t.Errorf("%d addresses are known", len(l.seen))
	}
	l.take("x", 30, now.Add(time.Hour))
	if len(l.seen) > 2 {
		t.Errorf("%d are left after an hour", len(l.seen))
	}
}

func FuzzOpenText(f *testing.F) {
	k, now := NewKey([32]byte{1}), time.Unix(1000, 0)
	good, err := k.sealText("half", now.Add(time.Minute), half{Account: 1, How: "password"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("AAAA")
	f.Add(good[:len(good)-1])
	f.Fuzz(func(t *testing.T, text string) {
		var h half
		if err := k.openText("half", text, now, &h); err == nil && h.Account != 1 {
			t.Errorf("%q opens: %+v", text, h)
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add(newToken())
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := hashToken(text)
		if (err == nil) != (h != Hash{}) || err == nil && len(text) != 43 {
			t.Errorf("%q: %x, %v", text, h, err)
		}
	})
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$2y$10$abc")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePHC(text)
		if err != nil {
			return
		}
		if p.argon.Memory > maxArgonMemory || p.argon.Time > maxArgonTime || p.argon.Lanes == 0 || len(p.hash) == 0 {
			t.Fatalf("%q: %+v", text, p)
		}
		again, err := parsePHC(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("%q: read back as %v, %v", text, again, err)
		}
	})
}
