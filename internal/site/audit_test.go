package site

import (
	"errors"
	"testing"
	"time"
)

func chain(n int) []Entry {
	var prev Entry
	var out []Entry
	for i := range n {
		e := Entry{At: time.UnixMilli(1_700_000_000_000 + int64(i)), By: 4, Site: 2, Action: "article.publish", Object: "article:7", Detail: `{"n":1}`, Remote: "192.0.2.1"}
		e.Seal(&prev)
		out, prev = append(out, e), e
	}
	return out
}

func check(entries []Entry) error {
	var prev Entry
	for i := range entries {
		if err := entries[i].Check(&prev); err != nil {
			return err
		}
		prev = entries[i]
	}
	return nil
}

func TestAuditChainHolds(t *testing.T) {
	if err := check(chain(5)); err != nil {
		t.Fatal(err)
	}
}

func TestAuditChainBreaksWhereItWasChanged(t *testing.T) {
	for name, spoil := range map[string]func(e []Entry) []Entry{
		"another time":     func(e []Entry) []Entry { e[2].At = e[2].At.Add(time.Millisecond); return e },
		"another person":   func(e []Entry) []Entry { e[2].By++; return e },
		"another address":  func(e []Entry) []Entry { e[2].Remote = "192.0.2.2"; return e },
		"another site":     func(e []Entry) []Entry { e[2].Site++; return e },
		"another action":   func(e []Entry) []Entry { e[2].Action = "x"; return e },
		"another object":   func(e []Entry) []Entry { e[2].Object = "x"; return e },
		"another detail":   func(e []Entry) []Entry { e[2].Detail = "x"; return e },
		"a moved boundary": func(e []Entry) []Entry { e[2].Action, e[2].Object = "article.publisha", "rticle:7"; return e },
		"one taken out":    func(e []Entry) []Entry { return append(e[:2], e[3:]...) },
		"two exchanged":    func(e []Entry) []Entry { e[2], e[3] = e[3], e[2]; return e },
		"one sealed anew": func(e []Entry) []Entry {
			e[2].Detail = "x"
			e[2].Seal(&e[1])
			return e
		},
	} {
		if err := check(spoil(chain(5))); !errors.Is(err, ErrBroken) {
			t.Errorf("%s: got %v, want %v", name, err, ErrBroken)
		}
	}
}
