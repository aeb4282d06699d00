package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"xianfeng/internal/backup"
	"xianfeng/internal/clean"
	"xianfeng/internal/config"
	"xianfeng/internal/content"
	"xianfeng/internal/site"
	"xianfeng/internal/store"
)

// BackupOptions are what the command line says of a backup or a restore.
type BackupOptions struct {
	ConfigFile string
	DataDir    string
	File       string // "-": standard output, or input

	Chinese bool // words of the report
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer // the report
}

// backedUp is what of the data folder belongs to a backup. The database dumps itself; media are too large.
func backedUp(dataDir string) backup.Folder {
	return backup.Folder{Root: dataDir, Parts: []string{"files", keySignin, feedKeyFile}, Leave: []string{"files/spool"}}
}

// Backup writes the whole network to a file, beside a running server or without one.
func Backup(ctx context.Context, o BackupOptions) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if cfg.Database == "" {
		// Opening would make an empty one, and that would be the backup.
		if _, err := os.Stat(filepath.Join(o.DataDir, databaseFile)); err != nil {
			return fmt.Errorf("there is no network in the data folder: %w", err)
		}
	}
	db, err := openDatabase(ctx, &cfg, o.DataDir)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what was written is kept
	s, err := o.write(ctx, db)
	if err != nil {
		return err
	}
	entry := site.Entry{By: site.System, Action: "backup", Object: "network", Detail: fmt.Sprintf(`{"sha256":%q}`, s.SHA256)}
	if err := db.Note(ctx, entry); err != nil {
		return fmt.Errorf("the backup is good, but not in the log: %w", err)
	}
	o.report(s, "已备份", "backed up")
	return nil
}

// write writes the archive: into a file beside its place first, so that a backup that fails leaves the older
// one of the name as it is.
func (o *BackupOptions) write(ctx context.Context, db *store.DB) (s backup.Summary, err error) {
	to := store.Backup{DB: db}
	if o.File == "-" {
		return backup.Write(ctx, o.Stdout, to, backedUp(o.DataDir), time.Now())
	}
	f, err := os.CreateTemp(filepath.Dir(o.File), ".backup-*") // for its owner only
	if err != nil {
		return s, fmt.Errorf("make the backup's file: %w", err)
	}
	defer func() {
		if err != nil {
			f.Close()           //nolint:errcheck // a second time does no harm
			os.Remove(f.Name()) //nolint:errcheck // nothing more can be done
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if s, err = backup.Write(ctx, w, to, backedUp(o.DataDir), time.Now()); err != nil {
		return s, err
	}
	if err = errors.Join(w.Flush(), f.Sync(), f.Close()); err != nil {
		return s, fmt.Errorf("write the backup: %w", err)
	}
	if err = os.Rename(f.Name(), o.File); err != nil {
		return s, fmt.Errorf("put the backup in its place: %w", err)
	}
	return s, nil
}

// Restore brings a network back from a file: all of it, or nothing.
func Restore(ctx context.Context, o BackupOptions) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	in := o.Stdin
	if o.File != "-" {
		f, err := os.Open(o.File)
		if err != nil {
			return fmt.Errorf("open the backup: %w", err)
		}
		defer f.Close() //nolint:errcheck // it was read
		in = f
	}
	if err := os.MkdirAll(o.DataDir, 0o750); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the data folder: %w", err)
	}
	db, err := openDatabase(ctx, &cfg, o.DataDir)
	if err != nil {
		return err
	}
	defer db.Close() //nolint:errcheck // what was written is kept
	cleaner := clean.New()
	words := func(title, html string) content.Words { return content.Index(title, cleaner.Text(html)) }
	s, err := backup.Restore(ctx, bufio.NewReaderSize(in, 1<<20), store.Backup{DB: db, Words: words}, backedUp(o.DataDir))
	if err != nil {
		return err
	}
	o.report(s, "已恢复", "restored")
	return nil
}

func (o *BackupOptions) report(s backup.Summary, chinese, english string) {
	t := s.Tables
	if o.Chinese {
		fmt.Fprintf(o.Stderr, "%s：%d 个站点，%d 个账号，%d 篇文章，%d 个文件，日志 %d 行\n", chinese, t["sites"], t["accounts"], t["articles"], s.Files, s.Lines)
	} else {
		fmt.Fprintf(o.Stderr, "%s: %d sites, %d accounts, %d articles, %d files, %d lines of the log\n", english, t["sites"], t["accounts"], t["articles"], s.Files, s.Lines)
	}
	switch {
	case s.Broken == "":
	case o.Chinese:
		fmt.Fprintf(o.Stderr, "注意：审计日志在备份之前已被改动：%s\n", s.Broken)
	default:
		fmt.Fprintf(o.Stderr, "beware: the audit log had been changed before the backup: %s\n", s.Broken)
	}
}
