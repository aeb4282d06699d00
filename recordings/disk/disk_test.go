package disk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xianfeng/recordings"
	"xianfeng/recordings/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) recordings.Store { return New(filepath.Join(t.TempDir(), "library")) })
}

// What a killed process leaves is not taken for anything, and goes with the item.
func TestLeftoversAreInvisible(t *testing.T) {
	root := t.TempDir()
	s := New(root)
	const id = "aaaabbbbccccddddeeee"
	if err := s.Put(t.Context(), id, "s0.mp4", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, id, ".part-123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lost+found", "README"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	if err := s.List(t.Context(), func(id string, _ bool, _ time.Time) error { seen = append(seen, id); return nil }); err != nil {
		t.Fatal(err)
	}
	if strings.Join(seen, " ") != id {
		t.Errorf("listed %v", seen)
	}
	if err := s.Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, id)); !os.IsNotExist(err) {
		t.Errorf("something is left: %v", err)
	}
}
