package files

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/picture"
	"xianfeng/internal/site"
)

// Setting is the name of the setting that Limits are kept under.
const Setting = "files.limits"

// Limits say how large files may be, in bytes.
type Limits struct {
	Picture    int64 `json:"picture"`
	Attachment int64 `json:"attachment"`
}

// DefaultLimits hold where nobody set others.
var DefaultLimits = Limits{Picture: 50 << 20, Attachment: 100 << 20}

// Config is what a Service needs. Settings, Log and Now may be left out.
type Config struct {
	Store    Store
	Rows     Rows
	Pictures interface {
		Make(ctx context.Context, r io.ReadSeeker) (*picture.Made, error)
	}
	Tree     func() *site.Tree
	Settings interface {
		Setting(ctx context.Context, path []site.ID, name string) (json.RawMessage, error)
	}
	Spool string // a folder for pictures while they are made
	Log   *slog.Logger
	Now   func() time.Time
}

// Service takes and gives files. It is safe for all goroutines.
type Service struct{ cfg Config }

// New returns a Service.
func New(cfg Config) *Service {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg}
}

// Upload is a file on its way.
type Upload struct {
	Site   site.ID
	Name   string
	Alt    string
	Size   int64 // as announced; -1: unknown
	Remote string
	Body   io.Reader
}

// Admit reports whether who may bring files to a site, and how large they may be. It is for refusing early.
func (s *Service) Admit(ctx context.Context, who site.Who, at site.ID) (Limits, error) {
	tree := s.cfg.Tree()
	if !tree.May(who, site.Write, site.Object{Site: at, Owner: who.Account}) {
		return Limits{}, fmt.Errorf("bring a file to site %d: %w", at, errs.Denied)
	}
	limits := DefaultLimits
	if s.cfg.Settings == nil {
		return limits, nil
	}
	var path []site.ID
	for n := tree.Get(at); n != nil; n = n.Above {
		path = append(path, n.ID)
	}
	raw, err := s.cfg.Settings.Setting(ctx, path, Setting)
	if errors.Is(err, errs.NotFound) {
		return limits, nil
	}
	if err != nil {
		return Limits{}, fmt.Errorf("read the limits of files: %w", err)
	}
	if err := json.Unmarshal(raw, &limits); err != nil {
		return Limits{}, fmt.Errorf("read the limits of files: %w", err)
	}
	return limits, nil
}

// Bring keeps a file. It returns what is known of it and the names of its pieces.
func (s *Service) Bring(ctx context.Context, who site.Who, u Upload) (File, []string, error) {
	limits, err := s.Admit(ctx, who, u.Site)
	if err != nil {
		return File{}, nil, err
	}
	f := File{ID: newID(), Site: u.Site, Owner: who.Account, Name: cleanName(u.Name), Alt: cutText(u.Alt, 500), Created: s.cfg.Now()}
	if u.Size > max(limits.Picture, limits.Attachment) {
		return File{}, nil, TooLarge(max(limits.Picture, limits.Attachment))
	}
	head := make([]byte, headSize)
	n, err := io.ReadFull(u.Body, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, nil, fmt.Errorf("receive %q: %w", f.Name, err)
	}
	head = head[:n]
	if f.Kind, f.Type, err = sort(f.Name, head); err != nil {
		return File{}, nil, err
	}
	limit := limits.Attachment
	if f.Kind == Picture {
		limit = limits.Picture
	}
	if u.Size > limit {
		return File{}, nil, TooLarge(limit)
	}
	body := &bounded{r: io.MultiReader(bytes.NewReader(head), u.Body), left: limit, limit: limit}
	var pieces []string
	if f.Kind == Picture {
		pieces, err = s.bringPicture(ctx, &f, body)
	} else {
		pieces = []string{attachmentPiece}
		f.Size, err = s.cfg.Store.Put(ctx, f.ID, attachmentPiece, body)
	}
	if err == nil {
		err = s.cfg.Rows.AddFile(ctx, f, s.entry(who, u.Remote, &f, "file.add"))
	}
	if err != nil {
		s.undo(ctx, f.ID)
		return File{}, nil, fmt.Errorf("keep %q: %w", f.Name, err)
	}
	return f, pieces, nil
}

// undo deletes what was kept of a file that did not come whole. If that fails too, it is swept away later.
func (s *Service) undo(ctx context.Context, id string) {
	if err := s.cfg.Store.Delete(context.WithoutCancel(ctx), id); err != nil {
		s.cfg.Log.Warn("delete a file that did not come whole", "file", id, "error", err)
	}
}

// attachmentPiece is the only piece of an attachment.
const attachmentPiece = "file"

func (s *Service) bringPicture(ctx context.Context, f *File, body io.Reader) ([]string, error) {
	spool, err := os.CreateTemp(s.cfg.Spool, "picture-*")
	if err != nil {
		return nil, fmt.Errorf("make room for a picture: %w", err)
	}
	defer os.Remove(spool.Name()) //nolint:errcheck // the next start sweeps it away
	defer spool.Close()           //nolint:errcheck // nothing in it is needed any more
	if _, err := io.Copy(spool, body); err != nil {
		return nil, fmt.Errorf("receive a picture: %w", Full(err))
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("receive a picture: %w", err)
	}
	made, err := s.cfg.Pictures.Make(ctx, spool)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, v := range made.Variants {
		n, err := s.cfg.Store.Put(ctx, f.ID, v.Name, bytes.NewReader(v.Data))
		if err != nil {
			return nil, err
		}
		f.Size += n
		f.Width, f.Height, f.Type = v.Width, v.Height, v.Type // the last one is the widest, in the kind that all browsers know
		names = append(names, v.Name)
	}
	return names, nil
}

// bounded reads up to a limit, and says so when there is more.
type bounded struct {
	r           io.Reader
	left, limit int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		n, err := io.ReadFull(b.r, p[:min(len(p), 1)])
		if n > 0 {
			return 0, TooLarge(b.limit)
		}
		return 0, err
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// TooLarge is both kinds: errs.TooLarge for programs, a problem with the limit for people.
func TooLarge(limit int64) error {
	return fmt.Errorf("%w: %w", errs.TooLarge, refuse(CodeLarge, strconv.FormatInt(limit>>20, 10)))
}

// newID returns an id that nobody guesses: 128 bits and more.
func newID() string { return strings.ToLower(rand.Text()) }

// Delete deletes a file, for who brought it or may change what others made on its site.
func (s *Service) Delete(ctx context.Context, who site.Who, remote, id string) error {
	f, err := s.cfg.Rows.File(ctx, id)
	if err != nil {
		return fmt.Errorf("file %.40q: %w", id, err)
	}
	if !s.cfg.Tree().May(who, site.Write, site.Object{Site: f.Site, Owner: f.Owner}) {
		return fmt.Errorf("delete file %s: %w", id, errs.Denied)
	}
	if err := s.cfg.Rows.DropFile(ctx, id, s.entry(who, remote, &f, "file.delete")); err != nil {
		return fmt.Errorf("delete file %s: %w", id, err)
	}
	s.undo(ctx, id)
	return nil
}

func (s *Service) entry(who site.Who, remote string, f *File, action string) site.Entry {
	detail, err := json.Marshal(map[string]any{"name": f.Name, "size": f.Size})
	if err != nil {
		detail = []byte("{}") // a string and a number
	}
	return site.Entry{By: who.Account, Remote: remote, Site: f.Site, Action: action, Object: "file:" + f.ID, Detail: string(detail)}
}

func cutText(text string, n int) string {
	text = strings.TrimSpace(strings.ToValidUTF8(text, ""))
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}
