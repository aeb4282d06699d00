package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// row is one kind of work that servers are measured on. Its text is what the command line takes:
//
//	PROTOCOL:VIEWERS         viewers of one stream
//	streams:STREAMSxVIEWERS  so many streams with so many WHEP viewers each
//	first:PROTOCOL           how long until the first picture
//	churn:PROTOCOL:VIEWERSxROUNDS
//
// with options behind commas: rps=off, kbit=N and gop=SECONDS of the stream, twcc: WHEP viewers report when packets arrive,
// as browsers do; own: not for the peer.
type row struct {
	text     string
	kind     string // read, first, churn
	protocol string // whep, rtsp-tcp, rtsp-udp, hls
	viewers  int
	streams  int // 0: one
	rounds   int
	rpsOff   bool
	own      bool
	twcc     bool
	clip     clip
}

// clip is a programme by rate and by time between key frames.
type clip struct{ kbit, gop int }

// defaults are the rows of `make bench`.
var defaults = []string{
	"whep:100", "whep:100,rps=off", "whep:100,twcc", "whep:300,own", "streams:50x4", "rtsp-tcp:100", "rtsp-udp:100",
	"hls:100", "hls:1000,kbit=300,own", "first:whep,gop=4", "first:hls,gop=4",
	"churn:whep:1000x10,kbit=300,own", "churn:hls:1000x10,own",
}

// short are the rows for trying it out.
var short = []string{"whep:50", "streams:10x4", "rtsp-tcp:50", "hls:50", "first:whep,gop=4", "first:hls,gop=4", "churn:whep:100x3,own"}

func parseRow(text string) (row, error) {
	r := row{text: text, kind: "read", clip: clip{2000, 2}}
	work, options, _ := strings.Cut(text, ",")
	if err := r.parseWork(work); err != nil {
		return r, fmt.Errorf("row %q: %w", text, err)
	}
	if options == "" {
		return r, nil
	}
	for _, option := range strings.Split(options, ",") {
		if err := r.parseOption(option); err != nil {
			return r, fmt.Errorf("row %q: %w", text, err)
		}
	}
	return r, nil
}

func (r *row) parseWork(work string) (err error) {
	kind, rest, ok := strings.Cut(work, ":")
	if !ok {
		return errors.New("want PROTOCOL:VIEWERS")
	}
	switch kind {
	case "first":
		r.kind, r.protocol = kind, rest
	case "churn":
		r.kind = kind
		protocol, size, _ := strings.Cut(rest, ":")
		r.protocol = protocol
		if r.viewers, r.rounds, err = product(size); err != nil {
			return err
		}
	case "streams":
		r.protocol = "whep"
		var each int
		if r.streams, each, err = product(rest); err != nil {
			return err
		}
		r.viewers = r.streams * each
	default:
		r.protocol = kind
		if r.viewers, err = number(rest); err != nil {
			return err
		}
	}
	switch r.protocol {
	case "whep", "hls", "rtsp-tcp", "rtsp-udp":
		return nil
	}
	return fmt.Errorf("unknown protocol %q", r.protocol)
}

func (r *row) parseOption(option string) (err error) {
	name, value, _ := strings.Cut(option, "=")
	switch {
	case option == "own":
		r.own = true
	case option == "twcc":
		r.twcc = true
	case option == "rps=off":
		r.rpsOff = true
	case name == "kbit":
		r.clip.kbit, err = number(value)
	case name == "gop":
		r.clip.gop, err = number(value)
	default:
		return fmt.Errorf("unknown option %q", option)
	}
	return err
}

func product(text string) (a, b int, err error) {
	x, y, _ := strings.Cut(text, "x")
	if a, err = number(x); err != nil {
		return 0, 0, err
	}
	b, err = number(y)
	return a, b, err
}

func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 100_000 {
		return 0, fmt.Errorf("%q is not a number from 1 to 100000", text)
	}
	return n, nil
}

// title says in a table what the work is.
func (r row) title() string {
	var t string
	switch {
	case r.kind == "first":
		return "first picture, " + r.protocol
	case r.kind == "churn":
		return fmt.Sprintf("%s, %d viewers come and leave", r.protocol, r.viewers)
	case r.streams > 0:
		t = fmt.Sprintf("%s, %d streams with %d viewers each", r.protocol, r.streams, r.viewers/r.streams)
	default:
		t = fmt.Sprintf("%s, %d viewers", r.protocol, r.viewers)
	}
	if r.clip.kbit != 2000 {
		t += fmt.Sprintf(", %d kbit/s", r.clip.kbit)
	}
	if r.twcc {
		t += ", telling when packets arrive"
	}
	if r.rpsOff {
		t += ", RPS off"
	}
	return t
}
