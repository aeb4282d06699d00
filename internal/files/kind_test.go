package files

import (
	"path"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"a.pdf": "a.pdf", "../../etc/passwd": "passwd", `C:\文件\通知 .doc`: "通知.doc", "": "file", "...": "file", ".pdf": "file.pdf", "a\u202egpj.exe": "agpj.exe",
		"a\r\nSet-Cookie: x.txt": "aSet-Cookie_ x.txt", `a"b'.txt`: "a_b_.txt", "100%.csv": "100_.csv", "a.": "a", "很　宽.txt": "很 宽.txt",
		strings.Repeat("长", 100) + ".pdf": strings.Repeat("长", 38) + ".pdf", "a.verylongending": "a.verylongending", "\xff\xfe.txt": "file.txt",
	} {
		if got := cleanName(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	f.Add(`..\a b.pdf`)
	f.Add("\u202e.\u3000.x")
	f.Fuzz(func(t *testing.T, in string) {
		out := cleanName(in)
		if out == "" || out == "." || out == ".." || len(out) > maxName+12 || !utf8.ValidString(out) || strings.ContainsAny(out, "/\\\"\r\n\x00%") || path.Base(out) != out {
			t.Fatalf("%q: got %q", in, out)
		}
		if again := cleanName(out); again != out {
			t.Fatalf("%q: got %q, then %q", in, out, again)
		}
	})
}
