package web

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestModulesFindEachOther: every relative import of a script of ours names a file that is served.
func TestModulesFindEachOther(t *testing.T) {
	imports := regexp.MustCompile(`(?:from|import|new URL\()\s*"(\.{1,2}/[^"]+)"`)
	err := fs.WalkDir(embedded, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ".js" || strings.HasPrefix(name, "thirdparty/") {
			return err
		}
		b, err := fs.ReadFile(embedded, name)
		if err != nil {
			return err
		}
		for _, m := range imports.FindAllStringSubmatch(string(b), -1) {
			if to := path.Join(path.Dir(name), m[1]); !there(to) {
				t.Errorf("%s imports %s, which is not there", name, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func there(name string) bool {
	if strings.HasPrefix(name, "kit/") { // it has a mount of its own
		_, err := os.Stat(name)
		return err == nil
	}
	_, err := fs.Stat(embedded, name)
	return err == nil
}
