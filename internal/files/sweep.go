package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	leftover = 24 * time.Hour // no upload takes as long
	batch    = 500
)

// Sweep deletes what uploads left that were interrupted: files without a row, pictures that were being made.
// It returns how many files it deleted.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	before := s.cfg.Now().Add(-leftover)
	if err := s.sweepSpool(before); err != nil {
		return 0, fmt.Errorf("sweep the spool: %w", err)
	}
	swept := 0
	var ids []string
	settle := func() error {
		known, err := s.cfg.Rows.KnownFiles(ctx, ids)
		if err != nil {
			return err
		}
		keep := make(map[string]bool, len(known))
		for _, id := range known {
			keep[id] = true
		}
		for _, id := range ids {
			if keep[id] {
				continue
			}
			if err := s.cfg.Store.Delete(ctx, id); err != nil {
				return err
			}
			swept++
		}
		ids = ids[:0]
		return nil
	}
	err := s.cfg.Store.Old(ctx, before, func(id string) error {
		if ids = append(ids, id); len(ids) < batch {
			return nil
		}
		return settle()
	})
	if err == nil && len(ids) > 0 {
		err = settle()
	}
	if err != nil {
		return swept, fmt.Errorf("sweep files: %w", err)
	}
	return swept, nil
}

func (s *Service) sweepSpool(before time.Time) error {
	entries, err := os.ReadDir(s.cfg.Spool)
	if err != nil {
		return err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || e.IsDir() || !strings.HasPrefix(e.Name(), "picture-") || !info.ModTime().Before(before) {
			continue // gone in the meantime, not ours, or in use
		}
		if err := os.Remove(filepath.Join(s.cfg.Spool, e.Name())); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Run sweeps at once and then daily, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	t := time.NewTicker(leftover)
	defer t.Stop()
	for {
		if n, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("sweep files", "error", err)
		} else if n > 0 {
			s.cfg.Log.Info("swept files that never came whole", "files", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
