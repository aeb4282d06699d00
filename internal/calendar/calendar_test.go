package calendar

import (
	"errors"
	"testing"
	"time"

	"xianfeng/internal/errs"
)

var shanghai = time.FixedZone("CST", 8*3600)

func builtIn(t *testing.T) *Calendar {
	t.Helper()
	d, err := China()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(d, shanghai)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(day string, hour int) time.Time {
	d, err := time.ParseInLocation(time.DateOnly, day, shanghai)
	if err != nil {
		panic(err)
	}
	return d.Add(time.Duration(hour) * time.Hour)
}

func TestWorks(t *testing.T) {
	c := builtIn(t)
	for day, want := range map[string]bool{
		"2026-11-24": true,  // a Tuesday
		"2026-11-22": false, // a Sunday
		"2026-10-01": false, // National Day
		"2026-10-10": true,  // a Saturday that is worked on for it
		"2026-02-14": true,
		"2026-02-23": false,
		"2030-10-01": true, // not known: a Tuesday
	} {
		if got := c.Works(at(day, 12)); got != want {
			t.Errorf("%s: got %v, want %v", day, got, want)
		}
	}
	if !c.Known(at("2026-12-31", 23)) || c.Known(at("2027-01-01", 0)) {
		t.Error("the calendar does not know how far it goes")
	}
}

func TestTheDayIsTheOffices(t *testing.T) {
	// 17:00 UTC on Sunday is Monday in Shanghai.
	if !builtIn(t).Works(time.Date(2026, 11, 22, 17, 0, 0, 0, time.UTC)) {
		t.Error("got Sunday, want Monday")
	}
}

func TestDue(t *testing.T) {
	c := builtIn(t)
	for _, x := range []struct {
		from string
		n    int
		want string // the end of the day before
	}{
		{"2026-11-24", 1, "2026-11-26"}, // Tuesday → Wednesday
		{"2026-11-20", 1, "2026-11-24"}, // Friday → Monday
		{"2026-11-21", 0, "2026-11-24"}, // Saturday → Monday
		{"2026-11-21", 1, "2026-11-25"}, // Saturday counts as Monday
		{"2026-09-30", 5, "2026-10-14"}, // over National Day: 8, 9, 10, 12, 13
	} {
		if got := c.Due(at(x.from, 15), x.n).Format(time.DateOnly); got != x.want {
			t.Errorf("%s and %d working days: got midnight of %s, want %s", x.from, x.n, got, x.want)
		}
	}
}

func TestDays(t *testing.T) {
	c := builtIn(t)
	for _, x := range []struct {
		from, to string
		want     int
	}{{"2026-11-20", "2026-11-23", 1}, {"2026-11-24", "2026-11-24", 0}, {"2026-11-24", "2026-11-20", 0}, {"2026-09-30", "2026-10-13", 5}} {
		if got := c.Days(at(x.from, 23), at(x.to, 1)); got != x.want {
			t.Errorf("%s to %s: got %d, want %d", x.from, x.to, got, x.want)
		}
	}
}

func TestCalendarsThatAreNone(t *testing.T) {
	for name, d := range map[string]Data{
		"no such day":     {Off: []string{"2026-02-30"}},
		"not a date":      {Work: []string{"tomorrow"}},
		"off and worked":  {Off: []string{"2026-10-01"}, Work: []string{"2026-10-01"}},
		"no such weekday": {Weekend: []time.Weekday{9}},
		"never worked":    {Weekend: []time.Weekday{0, 1, 2, 3, 4, 5, 6}},
		"ends on no day":  {Until: "2026"},
	} {
		if _, err := New(d, shanghai); !errors.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v, want %v", name, err, errs.Invalid)
		}
	}
}
