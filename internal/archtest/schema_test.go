package archtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The steps of the schema are numbered 1, 2, 3, …: two with one number, from two people at once, and no database opens.
func TestStepsOfTheSchemaAreNumbered(t *testing.T) {
	files, err := os.ReadDir(filepath.Join("..", "store", "schema"))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(f.Name(), want) {
			t.Errorf("%s: want %s…", f.Name(), want)
		}
	}
}
