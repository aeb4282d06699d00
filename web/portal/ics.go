package portal

import (
	"bytes"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// calendar is written as iCalendar (RFC 5545).
type calendar struct {
	Name    string
	Address string
	Events  []event
}

type event struct {
	UID              string
	Sequence         int64
	Created, Changed time.Time
	From, Until      time.Time // Until zero: nobody knows
	Title, Text      string
	Place            string // who broadcasts
	Address          string
	Cancelled        bool
}

// refresh is how often programs look at a calendar again.
const refresh = "PT15M"

func (c *calendar) write() []byte {
	var b bytes.Buffer
	line := func(name, value string) { fold(&b, name+":"+value) }
	line("BEGIN", "VCALENDAR")
	line("VERSION", "2.0")
	line("PRODID", "-//Xianfeng//Broadcasts//ZH")
	line("CALSCALE", "GREGORIAN")
	line("METHOD", "PUBLISH")
	line("NAME", icsText(c.Name)) // RFC 7986 §5.1
	line("X-WR-CALNAME", icsText(c.Name))
	line("URL", uri(c.Address))
	line("REFRESH-INTERVAL;VALUE=DURATION", refresh)
	line("X-PUBLISHED-TTL", refresh)
	for i := range c.Events {
		c.Events[i].write(line)
	}
	line("END", "VCALENDAR")
	return b.Bytes()
}

func (e *event) write(line func(name, value string)) {
	line("BEGIN", "VEVENT")
	line("UID", icsText(e.UID))
	line("SEQUENCE", strconv.FormatInt(max(e.Sequence, 0), 10))
	line("DTSTAMP", utc(e.Changed))
	line("CREATED", utc(e.Created))
	line("LAST-MODIFIED", utc(e.Changed))
	line("DTSTART", utc(e.From))
	if e.Until.After(e.From) {
		line("DTEND", utc(e.Until))
	} else {
		line("DURATION", "PT1H") // without one it would take no time (§3.6.1)
	}
	line("SUMMARY", icsText(e.Title))
	if e.Text != "" {
		line("DESCRIPTION", icsText(e.Text))
	}
	if e.Place != "" {
		line("LOCATION", icsText(e.Place))
	}
	line("URL", uri(e.Address))
	if e.Cancelled {
		line("STATUS", "CANCELLED")
	} else {
		line("STATUS", "CONFIRMED")
	}
	line("TRANSP", "TRANSPARENT") // who watches may be busy or not
	line("END", "VEVENT")
}

// utc is a moment as RFC 5545 §3.3.5 has it in its second form.
func utc(t time.Time) string { return t.UTC().Format("20060102T150405Z") }

// icsText writes a text (RFC 5545 §3.3.11). Lines end with \n; other control characters may not stand in one.
func icsText(text string) string {
	var b strings.Builder
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\r\n", "\n")
	for _, r := range text {
		switch {
		case r == '\\' || r == ';' || r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n' || r == '\r':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// uri writes an address: nothing in it is escaped (RFC 5545 §3.3.13), so it may have nothing that ends a line.
func uri(address string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(address, ""))
}

// octets is how long a line may be, without its end (RFC 5545 §3.1).
const octets = 75

// fold writes a line in pieces, none of them cut inside a character.
func fold(b *bytes.Buffer, line string) {
	room := octets
	for len(line) > room {
		n := room
		for n > 0 && !utf8.RuneStart(line[n]) {
			n--
		}
		b.WriteString(line[:n])
		b.WriteString("\r\n ")
		line = line[n:]
		room = octets - 1
	}
	b.WriteString(line)
	b.WriteString("\r\n")
}
