// Package testaid has what tests of several packages need: how often to do what takes long, and a database
// that has its schema already. It refuses to be part of the program, and knows no other package of it.
package testaid

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// Times returns how often a test does something: so often as the environment says, or as usual.
func Times(tb testing.TB, variable string, usual int) int {
	tb.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		tb.Fatalf("%s: got %q, want a number", variable, text)
	}
	return n
}

// Template is a file that takes long to make and is the same for every test. It is safe for all goroutines.
type Template struct {
	read func() ([]byte, error)
}

// NewTemplate returns a Template. When a test asks for it first, fill makes the file.
func NewTemplate(fill func(file string) error) *Template {
	return &Template{sync.OnceValues(func() ([]byte, error) {
		dir, err := os.MkdirTemp("", "template")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // it is a temporary folder
		file := filepath.Join(dir, "template")
		if err := fill(file); err != nil {
			return nil, err
		}
		return os.ReadFile(file)
	})}
}

// Copy writes the file.
func (x *Template) Copy(tb testing.TB, file string) {
	tb.Helper()
	b, err := x.read()
	if err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		tb.Fatal(err)
	}
}
