package signin

import (
	"context"
	_ "embed"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"xianfeng/internal/errs"
)

// maxPassword is in bytes. Nobody types as much, and what is hashed is bounded.
const maxPassword = 512

//go:embed common.txt
var commonText string

// commonWords are words that people make passwords of.
func commonWords() map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsSeq(commonText) {
		out[w] = true
	}
	return out
}

// good tells everything that is wrong with a new password, except that it was used before.
func (s *Service) good(password, login, name string) errs.Problems {
	var p errs.Problems
	r := s.Rules().Password
	n := utf8.RuneCountInString(password)
	switch {
	case password == "":
		p.Add("password", "missing", "")
		return p
	case len(password) > maxPassword || !utf8.ValidString(password):
		p.Add("password", "long", strconv.Itoa(maxPassword))
		return p
	case n < r.Min:
		p.Add("password", "short", strconv.Itoa(r.Min))
	}
	if n < r.Long && kinds(password) < r.Kinds {
		p.Add("password", "kinds", strconv.Itoa(r.Kinds))
	}
	low := strings.ToLower(password)
	if (len(login) >= 3 && strings.Contains(low, login)) || (utf8.RuneCountInString(name) >= 2 && strings.Contains(low, strings.ToLower(name))) {
		p.Add("password", "login", "")
	}
	if s.isCommon(low) {
		p.Add("password", "common", "")
	}
	return p
}

// kinds counts small letters, capital letters, digits and others. Chinese characters are others.
func kinds(password string) int {
	var small, capital, digit, other int
	for _, c := range password {
		switch {
		case c >= 'a' && c <= 'z':
			small = 1
		case c >= 'A' && c <= 'Z':
			capital = 1
		case c >= '0' && c <= '9':
			digit = 1
		default:
			other = 1
		}
	}
	return small + capital + digit + other
}

// isCommon finds what is on the list, with the usual letters for others and the usual things put around it, and
// what repeats one or two characters.
func (s *Service) isCommon(low string) bool {
	if s.common[low] {
		return true
	}
	distinct := map[rune]bool{}
	for _, c := range low {
		distinct[c] = true
	}
	if len(distinct) <= 2 {
		return true
	}
	plain := strings.NewReplacer("@", "a", "4", "a", "0", "o", "1", "l", "!", "i", "3", "e", "$", "s", "5", "s").Replace(low)
	for _, v := range []string{low, plain} {
		core := strings.TrimFunc(v, func(c rune) bool { return !unicode.IsLetter(c) })
		if s.common[core] && utf8.RuneCountInString(low)-utf8.RuneCountInString(core) <= 6 {
			return true
		}
	}
	// The word with its digits kept: admin123 with @ or a year behind it.
	core := strings.TrimRight(low, "!@#$%^&*.?_-~+=")
	return s.common[core]
}

// used reports whether a password is the present one or one of the last.
func (s *Service) used(ctx context.Context, c Credential, password string) (bool, error) {
	r := s.Rules().Password
	for i, old := range append([]string{c.Password}, c.Old...) {
		if i >= r.Last {
			break
		}
		if old == "" {
			continue
		}
		ok, _, err := s.hash.matches(ctx, old, password, r.Argon)
		if ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// older returns what is kept of the passwords before a new one.
func (s *Service) older(c Credential) []string {
	var out []string
	if c.Password != "" {
		out = append(out, c.Password)
	}
	out = append(out, c.Old...)
	return out[:min(len(out), max(s.Rules().Password.Last-1, 0))]
}
