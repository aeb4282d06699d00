package files

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"xianfeng/internal/errs"
	"xianfeng/internal/picture"
)

var (
	idPattern    = regexp.MustCompile(`^[a-z2-7]{26}$`)
	piecePattern = regexp.MustCompile(`^w([0-9]+)\.(webp|jpg|png)$`)
)

// Address is where a file is fetched. name is a piece of a picture, or an attachment's name.
func Address(id, name string) string { return "/files/" + id + "/" + url.PathEscape(name) }

// Shown is the address of a picture that pages show where they don't choose a width: the middle one, or what
// there is.
func Shown(id string, pieces []string) string {
	const want = "w960.webp"
	if slices.Contains(pieces, want) || len(pieces) == 0 {
		return Address(id, want)
	}
	return Address(id, pieces[0])
}

// Opened is a file that is being fetched. Close its Content.
type Opened struct {
	Content
	Name    string
	Type    string
	Picture bool // may be shown in pages; everything else is to be saved
}

// Open opens a piece of a picture, or an attachment. A piece that a small picture does not have is its widest one.
func (s *Service) Open(ctx context.Context, id, name string) (Opened, error) {
	if !idPattern.MatchString(id) {
		return Opened{}, fmt.Errorf("file %.40q: %w", id, errs.NotFound)
	}
	if m := piecePattern.FindStringSubmatch(name); m != nil {
		return s.openPicture(ctx, id, m[1], m[2])
	}
	f, err := s.cfg.Rows.File(ctx, id)
	if err != nil {
		return Opened{}, fmt.Errorf("file %s: %w", id, err)
	}
	if f.Kind != Attachment || f.Name != name {
		return Opened{}, fmt.Errorf("file %s by another name: %w", id, errs.NotFound)
	}
	c, err := s.cfg.Store.Open(ctx, id, attachmentPiece)
	if err != nil {
		return Opened{}, fmt.Errorf("file %s: %w", id, err)
	}
	return Opened{Content: c, Name: f.Name, Type: f.Type}, nil
}

func (s *Service) openPicture(ctx context.Context, id, width, ending string) (Opened, error) {
	mime := map[string]string{"webp": "image/webp", "jpg": "image/jpeg", "png": "image/png"}[ending]
	want, err := strconv.Atoi(width)
	if err != nil || !slices.Contains(picture.Widths[:], want) {
		return Opened{}, fmt.Errorf("file %s in width %.20q: %w", id, width, errs.NotFound)
	}
	for _, w := range slices.Backward(picture.Widths[:]) {
		if w > want {
			continue
		}
		name := "w" + strconv.Itoa(w) + "." + ending
		c, err := s.cfg.Store.Open(ctx, id, name)
		if err == nil {
			return Opened{Content: c, Name: name, Type: mime, Picture: true}, nil
		}
		if !errors.Is(err, errs.NotFound) {
			return Opened{}, fmt.Errorf("file %s: %w", id, err)
		}
	}
	return Opened{}, fmt.Errorf("file %s: %w", id, errs.NotFound)
}
