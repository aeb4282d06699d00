package store

import (
	"encoding/json"
	"reflect"
	"strings"
)

// where collects the conditions of a query.
type where struct {
	parts []string
	args  []any
}

func (w *where) add(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

// few is how many values stand in a statement one by one. There is a limit to how many arguments a statement
// has, and a province has more sites.
const few = 50

// list is written in statements for the numbers of one argument, a JSON array; bind turns it into what the
// database understands.
const list = "(LIST ?)"

// in adds that a column, of numbers or texts, is one of values; none of no values.
func in[T ~int64 | ~string](w *where, column string, values []T) {
	switch n := len(values); {
	case n == 0:
		w.parts = append(w.parts, "1 = 0")
	case n <= few, reflect.TypeFor[T]().Kind() == reflect.String: // there are never many texts
		w.parts = append(w.parts, column+" IN ("+marks(n)+")")
		for _, v := range values {
			w.args = append(w.args, v)
		}
	default:
		w.parts = append(w.parts, column+" IN "+list)
		w.args = append(w.args, jsonList(values))
	}
}

// jsonList is the argument of a list.
func jsonList[T ~int64 | ~string](values []T) string {
	b, err := json.Marshal(values)
	if err != nil {
		panic(err) // numbers and texts can be written
	}
	return string(b)
}

func (w *where) text() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// marks is n question marks.
func marks(n int) string {
	return strings.TrimSuffix(strings.Repeat("?, ", n), ", ")
}

// anywhere is the pattern, with \ as its escape, that finds a text in what dialect.lower made small.
func anywhere(text string) string {
	small := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
	return "%" + strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(small) + "%"
}
