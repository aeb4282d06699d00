package demo

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"io"
	"maps"
	"slices"
	"time"

	_ "golang.org/x/image/webp" // the demo's pictures

	"xianfeng/internal/files"
	pic "xianfeng/internal/picture"
	"xianfeng/internal/site"
)

// firstPiece is the piece of a picture that stands in for all others until they are made. Pages ask for WebP.
const firstPiece = "w480.webp"

// asIs takes a picture as it is: thirty of them are to be there when the demo starts, and making one in all
// widths and kinds takes most of a second. Finish does that later.
type asIs struct{}

// Make returns the picture as its own narrowest piece, which files gives to whoever asks for a wider one.
func (asIs) Make(_ context.Context, r io.ReadSeeker) (*pic.Made, error) {
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	c, kind, err := image.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("a picture of the demo: %w", err)
	}
	v := pic.Variant{Name: firstPiece, Type: "image/" + kind, Width: c.Width, Height: c.Height, Data: b}
	return &pic.Made{Info: pic.Info{Type: kind, Width: c.Width, Height: c.Height}, Variants: []pic.Variant{v}}, nil
}

// bring keeps all pictures and returns them by name.
func bring(ctx context.Context, d *data, doors *Doors, who site.Who, at site.ID) (map[string]files.File, error) {
	service := files.New(files.Config{
		Store: doors.Files, Rows: doors.Rows, Pictures: asIs{}, Tree: doors.Network.Tree, Spool: doors.Spool, Now: doors.Now,
	})
	out := make(map[string]files.File, len(d.pictures))
	for _, p := range d.pictures {
		b, err := pictureFile(p.name)
		if err != nil {
			return nil, err
		}
		f, _, err := service.Bring(ctx, who, files.Upload{Site: at, Name: p.name + ".webp", Alt: p.alt, Size: int64(len(b)), Body: bytes.NewReader(b)})
		if err != nil {
			return nil, fmt.Errorf("picture %s: %w", p.name, err)
		}
		out[p.name] = f
	}
	return out, nil
}

func pictureFile(name string) ([]byte, error) {
	return builtIn.ReadFile("data/pictures/" + name + ".webp")
}

// Finish makes the pictures in all widths and kinds, one after another with a rest in between, until it is
// done or ctx ends.
func (s *Seeded) Finish(ctx context.Context, m interface {
	Make(ctx context.Context, r io.ReadSeeker) (*pic.Made, error)
}, store files.Store, rest time.Duration,
) error {
	for _, name := range slices.Sorted(maps.Keys(s.pictures)) {
		b, err := pictureFile(name)
		if err != nil {
			return err
		}
		made, err := m.Make(ctx, bytes.NewReader(b))
		if err != nil {
			return fmt.Errorf("make picture %s: %w", name, err)
		}
		for _, v := range made.Variants {
			if _, err := store.Put(ctx, s.pictures[name].ID, v.Name, bytes.NewReader(v.Data)); err != nil {
				return fmt.Errorf("keep picture %s: %w", name, err)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(rest):
		}
	}
	return nil
}
