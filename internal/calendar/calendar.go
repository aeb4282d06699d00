// Package calendar owns which days are worked on, as data: weekends, holidays, and the weekend days that are
// worked on in exchange. Deadlines are counted in it.
//
// It refuses hours: a day is worked on or it is not, from midnight to midnight in the office's time zone.
package calendar

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"time"

	"xianfeng/internal/errs"
)

// Data is a calendar as it is kept in the settings. Days are written 2026-10-01.
type Data struct {
	Weekend []time.Weekday `json:"weekend"` // 0 is Sunday
	Off     []string       `json:"off"`     // not worked on, though no weekend
	Work    []string       `json:"work"`    // worked on, though a weekend
	Until   string         `json:"until"`   // the last day that this is known for; after it, weekends alone count
}

// china is what the State Council announced for the years up to Until.
//
//go:embed china.json
var china []byte

// China returns the calendar of public holidays of mainland China that the program was built with.
func China() (Data, error) {
	var d Data
	if err := json.Unmarshal(china, &d); err != nil {
		return d, fmt.Errorf("the calendar that is built in: %w", err)
	}
	return d, nil
}

// Calendar answers for days. It is immutable.
type Calendar struct {
	zone    *time.Location
	weekend [7]bool
	changed map[string]bool // day → worked on
	until   string
}

// New checks d and returns its calendar in a time zone. What is wrong is errs.Problems.
func New(d Data, zone *time.Location) (*Calendar, error) {
	c := &Calendar{zone: zone, changed: make(map[string]bool, len(d.Off)+len(d.Work)), until: d.Until}
	var p errs.Problems
	for _, w := range d.Weekend {
		if w < time.Sunday || w > time.Saturday {
			p.Add("weekend", "unknown", w.String())
			continue
		}
		c.weekend[w] = true
	}
	if c.weekend == [7]bool{true, true, true, true, true, true, true} {
		p.Add("weekend", "never", "")
	}
	add := func(field string, days []string, work bool) {
		for _, day := range days {
			if _, err := time.Parse(time.DateOnly, day); err != nil {
				p.Add(field, "date", day)
				continue
			}
			if _, twice := c.changed[day]; twice {
				p.Add(field, "twice", day)
			}
			c.changed[day] = work
		}
	}
	add("off", d.Off, false)
	add("work", d.Work, true)
	if _, err := time.Parse(time.DateOnly, d.Until); d.Until != "" && err != nil {
		p.Add("until", "date", d.Until)
	}
	return c, p.Err()
}

// Works reports whether t lies on a day that is worked on.
func (c *Calendar) Works(t time.Time) bool {
	t = t.In(c.zone)
	if work, ok := c.changed[t.Format(time.DateOnly)]; ok {
		return work
	}
	return !c.weekend[t.Weekday()]
}

// Known reports whether the holidays of t's day were known when the calendar was made.
func (c *Calendar) Known(t time.Time) bool {
	return c.until == "" || t.In(c.zone).Format(time.DateOnly) <= c.until
}

// Due returns the end of the n-th working day after t's: what comes on a Friday and is due in one working day
// is due at the end of Monday. n is at least 0; 0 is the end of t's day, or of the next that is worked on.
func (c *Calendar) Due(t time.Time, n int) time.Time {
	day := c.midnight(t)
	for !c.Works(day) {
		day = next(day)
	}
	for range n {
		for day = next(day); !c.Works(day); day = next(day) {
		}
	}
	return next(day)
}

// Days counts the working days after from's, up to and with to's; 0 where to is not after from.
func (c *Calendar) Days(from, to time.Time) int {
	n := 0
	end := c.midnight(to)
	for day := next(c.midnight(from)); !day.After(end); day = next(day) {
		if c.Works(day) {
			n++
		}
	}
	return n
}

func (c *Calendar) midnight(t time.Time) time.Time {
	y, m, d := t.In(c.zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, c.zone)
}

// next is the midnight after one, whatever the clocks do in between.
func next(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, day.Location())
}
