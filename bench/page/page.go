// Package page owns how figures get into a page: between its markers, with the machine and the day beside them.
//
// It refuses to measure anything.
package page

import (
	"fmt"
	"os"
	"strings"
)

// Splice replaces what stands between the markers of this name, which stay.
func Splice(text, name, with string) (string, error) {
	begin, end := fmt.Sprintf("<!-- %s: begin -->", name), fmt.Sprintf("<!-- %s: end -->", name)
	before, rest, ok := strings.Cut(text, begin)
	if !ok {
		return "", fmt.Errorf("there is no %q", begin)
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("there is no %q after its beginning", end)
	}
	return before + begin + "\n\n" + strings.TrimSpace(with) + "\n\n" + end + after, nil
}

// Write prints a section, and puts it into a file if there is one.
func Write(file, name, section string) error {
	fmt.Println(section)
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	out, err := Splice(string(text), name, section)
	if err != nil {
		return fmt.Errorf("write results into %s: %w", file, err)
	}
	if err := os.WriteFile(file, []byte(out), 0o644); err != nil { //nolint:gosec // a page of the repository
		return fmt.Errorf("write results: %w", err)
	}
	return nil
}
