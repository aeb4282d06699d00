package content

import (
	"strings"
	"unicode"
)

// Op is what became of a piece of text.
type Op uint8

// The operations.
const (
	Same Op = iota
	Added
	Removed
)

// Line is a line of a comparison. A line that was changed is a removed and an added one whose pieces say
// what is different.
type Line struct {
	Op     Op
	Pieces []Piece
}

// Piece is a piece of a line.
type Piece struct {
	Op   Op
	Text string
}

// maxSteps bounds how different two texts may be before the comparison says that all of it is: its memory
// grows with the square of it.
const maxSteps = 1000

// Diff compares two plain texts, line by line, and within changed lines word by word.
func Diff(a, b string) []Line {
	before, after := strings.Split(a, "\n"), strings.Split(b, "\n")
	var out []Line
	var gone, came []string
	flush := func() {
		for i := 0; i < max(len(gone), len(came)); i++ {
			switch {
			case i >= len(gone):
				out = append(out, whole(Added, came[i]))
			case i >= len(came):
				out = append(out, whole(Removed, gone[i]))
			default:
				l, r := changed(gone[i], came[i])
				out = append(out, l, r)
			}
		}
		gone, came = nil, nil
	}
	for _, e := range myers(before, after) {
		switch e.op {
		case Removed:
			gone = append(gone, e.text)
		case Added:
			came = append(came, e.text)
		default:
			flush()
			out = append(out, whole(Same, e.text))
		}
	}
	flush()
	return out
}

func whole(op Op, text string) Line { return Line{op, []Piece{{op, text}}} }

// changed compares two lines by words.
func changed(a, b string) (gone, came Line) {
	gone.Op, came.Op = Removed, Added
	add := func(l *Line, op Op, text string) {
		if n := len(l.Pieces); n > 0 && l.Pieces[n-1].Op == op {
			l.Pieces[n-1].Text += text
			return
		}
		l.Pieces = append(l.Pieces, Piece{op, text})
	}
	for _, e := range myers(words(a), words(b)) {
		if e.op != Added {
			add(&gone, e.op, e.text)
		}
		if e.op != Removed {
			add(&came, e.op, e.text)
		}
	}
	return gone, came
}

// words cuts a line into words; a Han character is one.
func words(line string) []string {
	var out []string
	begin := -1
	for i, r := range line {
		if !unicode.Is(unicode.Han, r) && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			if begin < 0 {
				begin = i
			}
			continue
		}
		if begin >= 0 {
			out = append(out, line[begin:i])
			begin = -1
		}
		out = append(out, string(r))
	}
	if begin >= 0 {
		out = append(out, line[begin:])
	}
	return out
}

type step struct {
	op   Op
	text string
}

// myers returns the shortest way from a to b.
//
// E. W. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1 (1986).
func myers(a, b []string) []step {
	lead := 0
	for lead < len(a) && lead < len(b) && a[lead] == b[lead] {
		lead++
	}
	tail := 0
	for tail < len(a)-lead && tail < len(b)-lead && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []step
	for _, s := range a[:lead] {
		out = append(out, step{Same, s})
	}
	out = append(out, middle(a[lead:len(a)-tail], b[lead:len(b)-tail])...)
	for _, s := range a[len(a)-tail:] {
		out = append(out, step{Same, s})
	}
	return out
}

func middle(a, b []string) []step {
	n, m := len(a), len(b)
	limit := min(n+m, maxSteps)
	// v[k] is how far in a the furthest way with d steps comes on diagonal k; trace keeps it for each d.
	v := make([]int, 2*limit+2)
	at := func(v []int, k int) int { return v[k+limit] }
	var trace [][]int
	for d := 0; d <= limit; d++ {
		trace = append(trace, append([]int(nil), v[limit-d:limit+d+2]...)) // diagonals -d … d+1
		for k := -d; k <= d; k += 2 {
			x := 0
			switch {
			case d == 0:
			case k == -d || k != d && at(v, k-1) < at(v, k+1):
				x = at(v, k+1)
			default:
				x = at(v, k-1) + 1
			}
			for x < n && x-k < m && a[x] == b[x-k] {
				x++
			}
			v[k+limit] = x
			if x >= n && x-k >= m {
				return back(a, b, trace, d)
			}
		}
	}
	out := make([]step, 0, n+m)
	for _, s := range a {
		out = append(out, step{Removed, s})
	}
	for _, s := range b {
		out = append(out, step{Added, s})
	}
	return out
}

// back follows the way back from the end.
func back(a, b []string, trace [][]int, d int) []step {
	x, y := len(a), len(b)
	var out []step
	for ; d > 0; d-- {
		v := trace[d] // as it was before step d
		get := func(k int) int { return v[k+d] }
		k := x - y
		down := k == -d || k != d && get(k-1) < get(k+1)
		from := k - 1
		if down {
			from = k + 1
		}
		px := get(from)
		py := px - from
		for x > px && y > py && (x-1)-(y-1) == k && !(down && x == px || !down && x == px+1) {
			x, y = x-1, y-1
			out = append(out, step{Same, a[x]})
		}
		if down {
			y--
			out = append(out, step{Added, b[y]})
		} else {
			x--
			out = append(out, step{Removed, a[x]})
		}
	}
	for x > 0 {
		x, y = x-1, y-1
		out = append(out, step{Same, a[x]})
	}
	reverse(out)
	return out
}

func reverse(s []step) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}
