package recordings_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"xianfeng/recordings"
	"xianfeng/recordings/disk"
)

// FuzzAdd takes whatever a stranger calls a film.
func FuzzAdd(f *testing.F) {
	for _, name := range []string{"plain.mp4", "fragmented.mp4", "last.mp4"} {
		b, err := os.ReadFile(filepath.Join("mp4", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	root := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		l := recordings.New(disk.New(filepath.Join(root, "library")), nil)
		it, err := l.Add(t.Context(), bytes.NewReader(b), int64(len(b)), recordings.AddOptions{Name: "x.mp4"})
		if err != nil {
			return
		}
		if it.Duration <= 0 || len(it.Segments) == 0 || len(it.Tracks) == 0 || it.Size() > int64(4*len(b)+1<<20) {
			t.Errorf("taken, and nothing worth: %+v", it)
		}
		if err := l.Delete(t.Context(), it.ID); err != nil {
			t.Error(err)
		}
	})
}
