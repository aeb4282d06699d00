package demo

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

//go:embed data
var builtIn embed.FS

// data is everything that the demo is made of.
type data struct {
	sites    []byte // a list of sites, as package roster reads it
	about    []about
	articles []Article
	pictures []picture
	accounts []Account
	links    []link
}

// about is what sites say of themselves beside what their list says.
type about struct {
	code, theme, accent, photo, motto, hours string
	people                                   []contact
}

type contact struct{ name, duty, phone string }

// picture is one of data/pictures, and what it shows.
type picture struct{ name, alt string }

type link struct{ code, title, url, section string }

// Account is somebody who can sign in to the demo.
type Account struct {
	Login string
	Name  string
	Site  string // code
	Roles []string
	Can   string // in a few words
}

// load reads the data that is built in. A test reads it too, so that a mistake in it is found before it is shown.
func load() (*data, error) {
	var d data
	var err error
	if d.sites, err = builtIn.ReadFile("data/sites.csv"); err != nil {
		return nil, err
	}
	if d.articles, err = articles(); err != nil {
		return nil, err
	}
	for _, t := range []struct {
		name  string
		width int
		row   func([]string) error
	}{
		{"about", 6, d.addAbout},
		{"pictures", 2, func(r []string) error { d.pictures = append(d.pictures, picture{r[0], r[1]}); return nil }},
		{"accounts", 5, func(r []string) error {
			d.accounts = append(d.accounts, Account{r[0], r[1], r[2], strings.Fields(r[3]), r[4]})
			return nil
		}},
		{"links", 4, func(r []string) error { d.links = append(d.links, link{r[0], r[1], r[2], r[3]}); return nil }},
		{"produce", 10, d.addProduce},
		{"finance", 9, d.addFinance},
	} {
		if err := table(t.name, t.width, t.row); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

// table calls fn with every row of a table but its first, which names the columns.
func table(name string, width int, fn func([]string) error) error {
	name = "data/" + name + ".csv"
	b, err := builtIn.ReadFile(name)
	if err != nil {
		return err
	}
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = width
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	for i, row := range rows[min(1, len(rows)):] {
		if err := fn(row); err != nil {
			return fmt.Errorf("%s, row %d: %w", name, i+2, err)
		}
	}
	return nil
}

func articles() ([]Article, error) {
	names, err := fs.Glob(builtIn, "data/articles/*.md")
	if err != nil {
		return nil, err
	}
	var all []Article
	for _, name := range names {
		b, err := builtIn.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list, err := ParseArticles(b)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path.Base(name), err)
		}
		all = append(all, list...)
	}
	return all, nil
}

func (d *data) addAbout(r []string) error {
	a := about{code: r[0], photo: r[2], motto: r[3], hours: r[4]}
	a.theme, a.accent, _ = strings.Cut(r[1], "/")
	for p := range strings.SplitSeq(r[5], ";") {
		f := strings.Split(p, "/")
		if len(f) != 3 {
			return fmt.Errorf("%q is not name/duty/phone: %w", p, ErrFormat)
		}
		a.people = append(a.people, contact{f[0], f[1], f[2]})
	}
	d.about = append(d.about, a)
	return nil
}

// addProduce makes an article of something to sell.
func (d *data) addProduce(r []string) error {
	days, err := strconv.Atoi(r[6])
	if err != nil {
		return fmt.Errorf("days %q: %w", r[6], ErrFormat)
	}
	expires, err := strconv.Atoi(r[7])
	if err != nil {
		return fmt.Errorf("expires %q: %w", r[7], ErrFormat)
	}
	d.articles = append(d.articles, Article{
		Site: r[0], Column: "produce", Title: r[1], Price: r[2], Unit: r[3], Season: r[4], Phone: r[5],
		Days: days, Expires: expires, Pictures: []string{r[8]}, Body: r[9],
	})
	return nil
}
