package demo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Article is what a site publishes, as the files have it. Times are days before the demo starts, so that
// it looks fresh whenever it is shown.
type Article struct {
	Site   string // code
	Column string // slug
	Title  string
	Body   string // Markdown

	Days     int // ago; below zero: it is scheduled for then
	Source   string
	Pictures []string // names in data/pictures; the first is the cover
	Alt      string   // what the cover shows
	Pinned   bool
	Push     []string // codes of sites that show it with all below them
	State    string   // "": published; draft, review
	Offer    string   // code of the site above that it is offered to
	Taken    bool     // and was taken
	By       string   // login of who wrote it; "": the editor of the network

	Price, Unit, Season, Phone string // of produce
	Expires                    int    // days from now; 0: as the column has it
}

// ErrFormat says that a file of articles is not one.
var ErrFormat = errors.New("not a list of articles")

// maxArticles and maxBody bound what a file may hold.
const (
	maxArticles = 500
	maxBody     = 64 << 10
)

// ParseArticles reads a file of articles: each is a line "# Title", lines "key: value", an empty line and
// Markdown up to the next title. The site that an article names holds for those after it as well.
func ParseArticles(text []byte) ([]Article, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("not UTF-8: %w", ErrFormat)
	}
	var (
		all  []Article
		at   *Article
		body strings.Builder
		head bool // the lines of key and value are not over
		code string
	)
	finish := func() {
		if at != nil {
			at.Body = strings.TrimSpace(body.String())
			all = append(all, *at)
		}
		body.Reset()
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxBody)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimRight(lines.Text(), " \r")
		title, isTitle := strings.CutPrefix(line, "# ")
		switch {
		case isTitle:
			finish()
			if len(all) == maxArticles {
				return nil, fmt.Errorf("line %d: more than %d articles: %w", n, maxArticles, ErrFormat)
			}
			at, head = &Article{Title: strings.TrimSpace(title), Site: code}, true
		case at == nil:
			if line != "" {
				return nil, fmt.Errorf("line %d: text before the first title: %w", n, ErrFormat)
			}
		case head && line == "":
			head, code = false, at.Site
		case head:
			if err := at.set(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		case body.Len()+len(line) > maxBody:
			return nil, fmt.Errorf("line %d: more than %d bytes in one article: %w", n, maxBody, ErrFormat)
		default:
			body.WriteString(line + "\n")
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	finish()
	return all, nil
}

// set reads a line "key: value".
func (a *Article) set(line string) (err error) {
	key, value, found := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	if !found || value == "" {
		return fmt.Errorf("%q is not a key and a value: %w", line, ErrFormat)
	}
	switch key {
	case "site":
		a.Site = value
	case "column":
		a.Column = value
	case "source":
		a.Source = value
	case "picture":
		a.Pictures = strings.Fields(value)
	case "alt":
		a.Alt = value
	case "push":
		a.Push = strings.Fields(value)
	case "state":
		a.State = value
	case "offer":
		a.Offer, value, _ = strings.Cut(value, " ")
		a.Taken = value == "taken"
	case "by":
		a.By = value
	case "price":
		a.Price = value
	case "unit":
		a.Unit = value
	case "season":
		a.Season = value
	case "phone":
		a.Phone = value
	case "pinned":
		a.Pinned, err = strconv.ParseBool(value)
	case "days":
		a.Days, err = strconv.Atoi(value)
	case "expires":
		a.Expires, err = strconv.Atoi(value)
	default:
		return fmt.Errorf("unknown key %q: %w", key, ErrFormat)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", key, value, ErrFormat)
	}
	return nil
}
