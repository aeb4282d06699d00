package slate

import (
	"bytes"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"xianfeng/internal/errs"
)

// Decoders go from one segment to the next without a complaint, whatever their lengths and the silence.
func TestSegmentsDecodeInARow(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, sound := range []Sound{{}, {"AAC", 48000, 2}, {"AAC", 44100, 1}, {"AAC", 16000, 2}, {"Opus", 48000, 2}, {"Opus", 48000, 1}} {
		b, err := s.File(sound.InitName())
		if err != nil {
			t.Fatal(err)
		}
		at, total := int64(1000), int64(0)
		for _, n := range []int64{1, 100, 17, Most, 2} {
			x, err := s.File(string(sound.AppendName(nil, at, n)))
			if err != nil {
				t.Fatal(err)
			}
			again, _ := s.File(string(sound.AppendName(nil, at, n)))
			if !bytes.Equal(x, again) {
				t.Errorf("%v: two answers", sound)
			}
			b, at, total = append(b, x...), at+n, total+n
		}
		c := exec.Command("ffmpeg", "-v", "warning", "-nostdin", "-xerror", "-i", "-", "-f", "framecrc", "-")
		var complaints bytes.Buffer
		c.Stdin, c.Stderr = bytes.NewReader(b), &complaints
		out, err := c.Output()
		if err != nil || complaints.Len() > 0 {
			t.Errorf("%v: %v: %s", sound, err, complaints.String())
		}
		if n := int64(strings.Count(string(out), "\n0, ")); n < total {
			t.Errorf("%v: %d pictures, want %d", sound, n, total)
		}
	}
}

func TestOtherNamesAreNotThere(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"", "slate.mp4", "slate-none", "slate-none-1-0.mp4", "slate-none-1-263.mp4", "slate-none--1-5.mp4", "slate-none-01-5.mp4", "slate-none-1-+5.mp4",
		"slate-none-99999999999-5.mp4", "slate-aac1x2.mp4", "slate-aac48000x9.mp4", "slate-aac048000x2.mp4", "slate-opus44100x2.mp4", "slate-mp348000x2.mp4", "../slate-none.mp4",
	} {
		if b, err := s.File(name); !errors.Is(err, errs.NotFound) {
			t.Errorf("%q: got %d bytes, %v", name, len(b), err)
		}
	}
}

func FuzzFile(f *testing.F) {
	f.Add("slate-aac48000x2-17-100.mp4")
	f.Add("slate-none.mp4")
	s, err := New()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if b, err := s.File(name); err == nil && (len(b) < 100 || len(b) > 1<<20) {
			t.Errorf("%q: %d bytes", name, len(b))
		}
	})
}
