package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
	"time"

	"xianfeng/internal/config"
	"xianfeng/internal/errs"
	"xianfeng/recordings"
	"xianfeng/recordings/channel"
	"xianfeng/recordings/disk"
	"xianfeng/recordings/mp4"
	"xianfeng/web/kit"
	"xianfeng/web/library"
)

// libraryFolder is where items lie, in the data folder.
const libraryFolder = "library"

// LibraryOptions are what the command line says of a change of the library.
type LibraryOptions struct {
	ConfigFile string
	DataDir    string
	Name       string // the file, or the item
	Title      string

	Chinese  bool // words of the reasons
	Terminal bool // Stderr is one: progress is shown
	Stdout   io.Writer
	Stderr   io.Writer
}

func openLibrary(dataDir string) *recordings.Library {
	return recordings.New(disk.New(filepath.Join(dataDir, libraryFolder)), nil)
}

// LibraryAdd puts a file into the library, whole or not at all, and prints where it is watched.
func LibraryAdd(ctx context.Context, o LibraryOptions) error {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	f, err := os.Open(o.Name)
	if err != nil {
		var p *fs.PathError
		if errors.As(err, &p) {
			err = p.Err // its name is told already
		}
		return fmt.Errorf("add %s: %w", o.Name, err)
	}
	defer f.Close() //nolint:errcheck // it was read
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("add %s: %w", o.Name, errors.Join(err, o.reason(mp4.ErrNotMP4)))
	}
	add := recordings.AddOptions{Title: o.Title, Name: o.Name}
	if o.Terminal {
		told := time.Now()
		add.Progress = func(n int64) {
			if time.Since(told) > time.Second {
				told = time.Now()
				fmt.Fprintf(o.Stderr, "\r%3d %%", min(n*100/max(info.Size(), 1), 100))
			}
		}
		defer fmt.Fprint(o.Stderr, "\r     \r")
	}
	it, err := openLibrary(o.DataDir).Add(ctx, f, info.Size(), add)
	if err != nil {
		return fmt.Errorf("add %s: %w", o.Name, o.reason(err))
	}
	base := address(&cfg)
	fmt.Fprintf(o.Stdout, "%s/library/%s\n%s/library/%s/index.m3u8\n", base, it.ID, base, it.ID)
	return nil
}

// address is where this machine's server is likely to be reached.
func address(cfg *config.Config) string {
	scheme := "http"
	if cfg.HTTP.Certificate != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(cfg.HTTP.Address)
	if err != nil {
		return scheme + "://localhost:8080"
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// reason says why a file was not taken, in the language of who asks.
func (o *LibraryOptions) reason(err error) error {
	if !o.Chinese {
		return err
	}
	for _, x := range []struct {
		kind error
		text string
	}{
		{mp4.ErrNotMP4, "这不是 MP4 文件"},
		{mp4.ErrTruncated, "文件不完整，缺少一部分"},
		{mp4.ErrDamaged, "文件已损坏"},
		{mp4.ErrEncrypted, "文件经过加密"},
		{mp4.ErrEdits, "文件带有多段剪辑列表，不重新编码就无法保留"},
		{recordings.ErrCodec, "编码格式浏览器不能播放"},
		{recordings.ErrNothing, "文件里既没有画面也没有声音"},
		{recordings.ErrNoKeys, "没有关键帧，或者关键帧相隔超过一分钟，无法从中间开始收看"},
		{recordings.ErrGaps, "两幅画面相隔超过十秒"},
		{recordings.ErrShort, "时长不足十分之一秒"},
		{recordings.ErrLong, "时长超过一个月"},
		{errs.Full, "磁盘空间不足"},
		{errs.NotFound, "没有这个条目"},
	} {
		if errors.Is(err, x.kind) {
			return fmt.Errorf("%s（%w）", x.text, err)
		}
	}
	return err
}

// LibraryList prints what is kept, the newest first.
func LibraryList(ctx context.Context, o LibraryOptions) error {
	items, err := openLibrary(o.DataDir).Items(ctx)
	if err != nil {
		return err //nolint:wrapcheck // it says what
	}
	w := tabwriter.NewWriter(o.Stdout, 0, 8, 2, ' ', 0)
	for _, it := range items {
		fmt.Fprintf(w, "%s\t%s\t%v\t%d MB\t%s\n", it.ID, it.Created.Local().Format("2006-01-02 15:04"), it.Duration.Round(time.Second), (it.Size()+500_000)/1_000_000, it.Title)
	}
	return w.Flush()
}

// LibraryRemove throws an item away.
func LibraryRemove(ctx context.Context, o LibraryOptions) error {
	l := openLibrary(o.DataDir)
	it, err := l.Item(ctx, o.Name)
	if err != nil {
		return fmt.Errorf("remove: %w", o.reason(err))
	}
	if it.Growing(time.Now()) {
		return fmt.Errorf("remove %s: it is being recorded: %w", it.ID, errs.Conflict)
	}
	return l.Delete(ctx, it.ID) //nolint:wrapcheck // it says what
}

// startLibrary opens the library and what records into it.
func (s *server) startLibrary() {
	s.library = openLibrary(s.opts.DataDir)
	s.recorder = recordings.NewRecorder(s.library, s.hub, s.log)
	s.built("recorder", s.recorder.Close)
	if s.network != nil {
		s.recordBroadcasts()
	}
	s.run("library", func(ctx context.Context) {
		t := time.NewTicker(time.Hour)
		defer t.Stop()
		for {
			if thrown, closed, err := s.library.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("look after the library", "error", err)
			} else if thrown+closed > 0 {
				s.log.Info("looked after the library", "thrown", thrown, "closed", closed)
			}
			select {
			case <-t.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// libraryPages returns the pages of what is kept.
func (s *server) libraryPages(ctx context.Context, k *kit.Kit) (*library.Server, error) {
	n := s.network
	channels, err := channel.Open(ctx, channel.Config{Keep: n.db, Items: s.library, Zone: n.zone.String(), Log: s.log})
	if err != nil {
		return nil, err
	}
	n.listen(func(tags []string) {
		// A setting of a site was changed, here or by another process. A plan comes into force a minute later, when
		// everybody knows it.
		if !slices.ContainsFunc(tags, ofSites) {
			return
		}
		if err := channels.Reload(context.Background()); err != nil {
			s.log.Error("the channels stay as they were", "error", err)
		}
	})
	s.channels = channels
	return library.New(library.Config{Kit: k, Items: s.library, Channels: channels, Zone: n.zone, Log: s.log})
}
