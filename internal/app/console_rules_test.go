package app

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"xianfeng/internal/site"
	"xianfeng/internal/store"
)

func TestBackupFromTheConsole(t *testing.T) {
	h := newConsole(t)
	for _, who := range []string{"city", "editor", "viewer"} {
		h.who = who
		for _, code := range []string{"99", "9901"} {
			if got := h.do(http.MethodPost, "/admin/s/"+code+"/backup", url.Values{}).StatusCode; got != http.StatusForbidden && got != http.StatusNotFound {
				t.Errorf("%s at %s: got %d, want none", who, code, got)
			}
		}
	}
	for _, who := range []string{"admin", "operator"} {
		h.who = who
		r := h.do(http.MethodPost, "/admin/s/99/backup", url.Values{})
		if r.StatusCode != http.StatusOK || r.Header.Get("Content-Disposition") != `attachment; filename="xianfeng-20261123-0900.tar.gz"` {
			t.Fatalf("%s: got %d, %v", who, r.StatusCode, r.Header)
		}
		file := filepath.Join(t.TempDir(), "b.tar.gz")
		if err := os.WriteFile(file, []byte(body(r)), 0o600); err != nil {
			t.Fatal(err)
		}
		there := t.TempDir()
		if err := Restore(t.Context(), BackupOptions{DataDir: there, File: file, Stderr: t.Output()}); err != nil {
			t.Errorf("%s: what was sent can't be restored: %v", who, err)
		}
		n := 0
		err := h.db.Audit(t.Context(), store.AuditQuery{Action: "backup", Limit: 5}, func(e *site.Entry) error {
			if e.By == h.people[who].ID {
				n++
			}
			return nil
		})
		if n != 1 || err != nil {
			t.Errorf("%s: got %d lines in the log, %v", who, n, err)
		}
	}
}

func TestWhatWaitsForLongIsMarked(t *testing.T) {
	h := newConsole(t)
	set := func(value string) {
		if err := h.db.SetSetting(t.Context(), 0, "calendar", []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	set(`{}`) // every day is worked on
	h.who = "author"
	h.post("/admin/s/990101/new", "title", "秋收过半", "slug", "news", "format", "html", "text", "<p>已收三百亩。</p>", "do", "submit")
	h.who = "editor"
	h.clock = now.AddDate(0, 0, 1)
	lacks(t, h.get("/admin/"), "已超")
	h.clock = now.AddDate(0, 0, 4)
	want(t, h.get("/admin/"), "已超 3 个工作日")
	h.who = "author"
	lacks(t, h.get("/admin/"), "已超")
	h.who = "editor"
	set(`{"weekend":[0,1,2,3,4,5],"work":[]}`) // Saturdays alone
	lacks(t, h.get("/admin/"), "已超")
}
