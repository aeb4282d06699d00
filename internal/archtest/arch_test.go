package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "xianfeng"

// file is one Go file of the project.
type file struct {
	name   string // from the top
	folder string // that it is in, from the top
	ast    *ast.File
}

func parse(t *testing.T) []file {
	t.Helper()
	top := filepath.Join("..", "..")
	var files []file
	err := filepath.WalkDir(top, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && name != top && (e.Name() == "testdata" || e.Name() == "node_modules" || strings.HasPrefix(e.Name(), ".")) {
			return fs.SkipDir
		}
		if e.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		files = append(files, file{name: rel, folder: path.Dir(rel), ast: parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d Go files found below %s", len(files), top)
	}
	return files
}

// within reports whether folder is one of the places.
func within(folder string, places []string) bool {
	return slices.ContainsFunc(places, func(p string) bool {
		tree, all := strings.CutSuffix(p, "/...")
		return folder == tree || all && strings.HasPrefix(folder, tree+"/")
	})
}

// ruleFor returns the rule with the longest place that folder lies in.
func ruleFor(folder string) (found rule, ok bool) {
	for _, r := range rules {
		if within(folder, []string{r.place + "/..."}) && len(r.place) >= len(found.place) {
			found, ok = r, true
		}
	}
	return found, ok
}

func imports(f file) []string {
	var out []string
	for _, i := range f.ast.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			out = append(out, p)
		}
	}
	return out
}

// objection says why the package in folder may not import the one in to, or "".
func objection(folder, to string) string {
	r, ok := ruleFor(folder)
	switch {
	case !ok || r.place == "media" && folder != "media": // what lies below media has rules one by one
		return "the folder " + folder + " has no rule in internal/archtest"
	case to == "" || to == folder || within(to, r.may):
		return ""
	default:
		return r.place + " may not import " + to + ": " + r.why
	}
}

func TestImportsGoOneWay(t *testing.T) {
	for _, f := range parse(t) {
		if why := objection(f.folder, ""); why != "" {
			t.Errorf("%s: %s", f.name, why)
			continue
		}
		for _, p := range imports(f) {
			if to, ours := strings.CutPrefix(p, module+"/"); ours {
				if why := objection(f.folder, to); why != "" {
					t.Errorf("%s: %s", f.name, why)
				}
			}
		}
	}
}

func TestObjections(t *testing.T) {
	for _, x := range []struct {
		folder, to string
		allowed    bool
	}{
		{"cmd/xianfeng", "internal/app", true},
		{"cmd/xianfeng", "media", false},
		{"internal/app", "media/rtsp", true},
		{"internal/config", "media", false},
		{"media", "media/packet", false},
		{"media", "internal/errs", false},
		{"media/rtsp", "media", true},
		{"media/rtsp", "media/rtmp", false},
		{"media/rtsp", "web", false},
		{"media/new", "media", false},
		{"media/whip", "media/rtc", true},
		{"web", "media", true},
		{"web", "media/hls", false},
		{"web", "internal/app", false},
		{"web/admin", "recordings/disk", true},
		{"signaling/meeting", "signaling/ws", true},
		{"signaling", "recordings", false},
		{"recordings", "web", false},
		{"elsewhere", "media", false},
		{"bench/fanout", "media", false},
	} {
		if why := objection(x.folder, x.to); (why == "") != x.allowed {
			t.Errorf("%s importing %s: objection %q, want allowed = %v", x.folder, x.to, why, x.allowed)
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, f := range parse(t) {
		for _, p := range imports(f) {
			for _, o := range outside {
				// Tests may use whatever speaks the other side of a protocol.
				if (p == o.path || strings.HasPrefix(p, o.path+"/")) && !within(f.folder, o.in) && !strings.HasSuffix(f.name, "_test.go") {
					t.Errorf("%s imports %s, which is for %s: %s", f.name, p, strings.Join(o.in, ", "), o.why)
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	docs := map[string]string{}
	for _, f := range parse(t) {
		if strings.HasSuffix(f.name, "_test.go") {
			continue
		}
		docs[f.folder] += f.ast.Doc.Text()
		if begin := "Package " + f.ast.Name.Name + " "; f.ast.Name.Name != "main" && f.ast.Doc != nil && !strings.HasPrefix(f.ast.Doc.Text(), begin) {
			t.Errorf("%s: the package comment does not begin with %q", f.name, begin)
		}
	}
	for folder, doc := range docs {
		if len(doc) < 60 {
			t.Errorf("%s: the package comment does not say what the package owns and refuses: %q", folder, doc)
		}
	}
}

func TestNothingHappensBeforeMain(t *testing.T) {
	for _, f := range parse(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s has an init function: build it where it is used", f.name)
			}
		}
	}
}

func TestTopLevelFolders(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !slices.Contains(topLevel, e.Name()) {
			t.Errorf("the folder %s lies at the top, where these may: %s", e.Name(), strings.Join(topLevel, ", "))
		}
	}
}
