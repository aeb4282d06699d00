// Package errs owns the kinds of failure that people and programs are told about. Every package wraps
// them with what it was doing; HTTP and signalling each turn them into their own words in one place.
//
// It refuses words for people: a Problem has a code, and the pages know what to say for it.
package errs

import (
	"errors"
	"strings"
)

// The kinds. Test with errors.Is.
var (
	NotFound = errors.New("not found")
	Denied   = errors.New("not allowed")
	Conflict = errors.New("changed by somebody else in the meantime")
	Exists   = errors.New("there is one already")
	Invalid  = errors.New("not acceptable")
	TooLarge = errors.New("too large")
	TooMany  = errors.New("too many at once")
	Full     = errors.New("no room left")
)

// Problem is one thing that is wrong with what somebody entered.
type Problem struct {
	Field string // as the form or the API names it; "": all of it
	Code  string // what is wrong, for the catalogue of words: "missing", "long", "unknown", …
	Value string // what the words may repeat: the limit, the value that is taken
}

// Problems is everything that is wrong with what somebody entered, so that they are told at once. It is Invalid.
type Problems []Problem

// Add notes a problem.
func (p *Problems) Add(field, code, value string) { *p = append(*p, Problem{field, code, value}) }

// Err returns p, or nil where there is none.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

func (p Problems) Error() string {
	var b strings.Builder
	for i, x := range p {
		if i > 0 {
			b.WriteString("; ")
		}
		if x.Field != "" {
			b.WriteString(x.Field + ": ")
		}
		b.WriteString(x.Code)
		if x.Value != "" {
			b.WriteString(" (" + x.Value + ")")
		}
	}
	return b.String()
}

// Is makes Problems a kind of Invalid.
func (p Problems) Is(target error) bool { return target == Invalid } //nolint:errorlint // a sentinel
