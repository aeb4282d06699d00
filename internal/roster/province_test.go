package roster

import (
	"fmt"
	"strings"
)

// province is a list of n sites, those below before those above.
func province(n int) []byte {
	lines := []string{"51,,province,天河省"}
	fan := map[string]int{"city": 20, "county": 9, "township": 9, "village": 20}
	from := 0
	for _, level := range []string{"city", "county", "township", "village"} {
		to := len(lines)
		for up := from; up < to; up++ {
			above, _, _ := strings.Cut(lines[up], ",")
			width := map[string]int{"city": 2, "county": 2, "township": 3, "village": 3}[level]
			for i := 1; i <= fan[level] && len(lines) < n; i++ {
				lines = append(lines, fmt.Sprintf("%s%0*d,%s,%s,第%d号站点", above, width, i, above, level, len(lines)))
			}
		}
		from = to
	}
	var b strings.Builder
	b.WriteString("code,parent,level,name\n")
	for i := len(lines) - 1; i >= 0; i-- {
		b.WriteString(lines[i])
		b.WriteByte('\n')
	}
	return []byte(b.String())
}
