package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xianfeng/internal/backup"
	"xianfeng/internal/errs"
)

func TestBackupBesideARunningServer(t *testing.T) {
	s, _ := begin(t, "", nil)
	data := s.opts.DataDir
	ctx := t.Context()
	if err := Import(ctx, ImportOptions{DataDir: data, File: sitesCSV(t, 30, "站"), Stdout: io.Discard, Stderr: io.Discard}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "network.tar.gz")
	run := func(what func(context.Context, BackupOptions) error, o BackupOptions) (string, error) {
		var report bytes.Buffer
		o.Stderr = &report
		err := what(ctx, o)
		return report.String(), err
	}
	if report, err := run(Backup, BackupOptions{DataDir: data, File: file}); err != nil || !strings.HasPrefix(report, "backed up: 30 sites,") {
		t.Fatalf("backup: got %q, %v", report, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its file: got %v, %v", info.Mode(), err)
	}
	if _, err := run(Restore, BackupOptions{DataDir: data, File: file}); !errors.Is(err, errs.Exists) {
		t.Errorf("restore over a network: got %v", err)
	}

	there := filepath.Join(t.TempDir(), "data")
	if report, err := run(Restore, BackupOptions{DataDir: there, File: file, Chinese: true}); err != nil || !strings.HasPrefix(report, "已恢复：30 个站点，") {
		t.Fatalf("restore: got %q, %v", report, err)
	}
	for _, name := range []string{keySignin} {
		was, err := os.ReadFile(filepath.Join(data, name))
		now, err2 := os.ReadFile(filepath.Join(there, name))
		if err != nil || err2 != nil || !bytes.Equal(was, now) {
			t.Errorf("%s is another: %v, %v", name, err, err2)
		}
	}
	var pipe bytes.Buffer
	if _, err := run(Backup, BackupOptions{DataDir: there, File: "-", Stdout: &pipe}); err != nil {
		t.Fatal(err)
	}
	if _, err := run(Restore, BackupOptions{DataDir: t.TempDir(), File: "-", Stdin: &pipe}); err != nil {
		t.Errorf("through a pipe: got %v", err)
	}
}

func TestBackupsThatFail(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.tar.gz")
	if err := os.WriteFile(old, []byte("an older one"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), BackupOptions{DataDir: dir, File: old, Stderr: io.Discard}); err == nil {
		t.Error("backup of a folder without a network: no error")
	}
	if err := Restore(t.Context(), BackupOptions{DataDir: dir, File: old, Stderr: io.Discard}); !errors.Is(err, backup.ErrDamaged) {
		t.Errorf("restore of what is no backup: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Backup(ctx, BackupOptions{DataDir: dir, File: old, Stderr: io.Discard}); err == nil {
		t.Error("a backup that was given up: no error")
	}
	if b, err := os.ReadFile(old); string(b) != "an older one" || err != nil {
		t.Errorf("the older one: got %q, %v", b, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
