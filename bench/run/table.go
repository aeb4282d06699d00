package main

import (
	"fmt"
	"strings"
)

// report writes everything measured as Markdown.
func report(all []*measured) string {
	var b strings.Builder
	reads(&b, pick(all, func(m *measured) bool { return len(m.readings) > 0 }))
	playlists(&b, pick(all, func(m *measured) bool { return len(m.readings) > 0 && m.row.protocol == "hls" }))
	firsts(&b, pick(all, func(m *measured) bool { return len(m.waits) > 0 }))
	for _, m := range pick(all, func(m *measured) bool { return len(m.rounds) > 0 }) {
		churns(&b, m)
	}
	return strings.TrimSpace(b.String()) + "\n"
}

func pick(all []*measured, which func(*measured) bool) (out []*measured) {
	for _, m := range all {
		if which(m) {
			out = append(out, m)
		}
	}
	return out
}

// line writes a row of a table.
func line(b *strings.Builder, cells ...string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func head(b *strings.Builder, cells ...string) {
	line(b, cells...)
	b.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
}

// pairs calls with the first one of each row, which is ours, and the peer's or nil.
func pairs(all []*measured, each func(ours, peer *measured)) {
	for i := 0; i < len(all); i++ {
		ours := all[i]
		if i+1 < len(all) && all[i+1].row.text == ours.row.text {
			i++
			each(ours, all[i])
		} else {
			each(ours, nil)
		}
	}
}

func reads(b *strings.Builder, all []*measured) {
	if len(all) == 0 {
		return
	}
	head(b, "work", "server", "cpu-s per Gbit", "Mbit/s", "lost", "p50 ms", "p99 ms", "KiB per viewer", "starved %", "load core %")
	pairs(all, func(ours, peer *measured) {
		read(b, ours)
		if peer == nil {
			return
		}
		read(b, peer)
		of := func(what func(reading) float64) string {
			return "**" + ratio(spreadOf(ours.readings, what).median, spreadOf(peer.readings, what).median) + "**"
		}
		line(b, "", "**ratio**", of(readCPU), "", "", of(readP50), of(readP99), of(readMemory), "", "")
	})
	b.WriteString("\n")
}

func readCPU(r reading) float64    { return r.CPU }
func readP50(r reading) float64    { return r.P50 }
func readP99(r reading) float64    { return r.P99 }
func readMemory(r reading) float64 { return r.Memory }

func read(b *strings.Builder, m *measured) {
	all := m.readings
	line(b, m.row.title(), m.server,
		spreadOf(all, readCPU).text(3),
		fixed(spreadOf(all, func(r reading) float64 { return r.Mbits / r.Seconds }).median, 0),
		losses(all),
		fixed(spreadOf(all, readP50).median, 1),
		spreadOf(all, readP99).text(1),
		spreadOf(all, readMemory).text(0),
		spreadOf(all, func(r reading) float64 { return r.Starved }).text(0),
		spreadOf(all, func(r reading) float64 { return 100 * r.LoadCPU }).text(0))
}

// losses says how many packets were lost in all runs, how many of them the load tool's own sockets
// dropped, and how many viewers never got media.
func losses(all []reading) string {
	lost, dropped, missing := 0.0, 0.0, 0
	for _, r := range all {
		lost += r.Lost
		dropped += r.LoadDrops
		missing += r.Readers - r.Connected
	}
	s := fixed(lost, 0)
	if dropped > 0 {
		s += fmt.Sprintf(" (the load dropped %.0f)", dropped)
	}
	if missing > 0 {
		s += fmt.Sprintf(", %d viewers failed", missing)
	}
	return s
}

func playlists(b *strings.Builder, all []*measured) {
	if len(all) == 0 {
		return
	}
	b.WriteString("How long after a part exists its viewers have the playlist that lists it, and how often players had nothing to play:\n\n")
	head(b, "work", "server", "answer p50 ms", "answer p99 ms", "stalls")
	for _, m := range all {
		line(b, m.row.title(), m.server,
			spreadOf(m.readings, func(r reading) float64 { return r.AnswerP50 }).text(1),
			spreadOf(m.readings, func(r reading) float64 { return r.AnswerP99 }).text(1),
			spreadOf(m.readings, func(r reading) float64 { return r.Stalls }).text(0))
	}
	b.WriteString("\n")
}

func firsts(b *strings.Builder, all []*measured) {
	if len(all) == 0 {
		return
	}
	fmt.Fprintf(b, "How long until the first key frame is there to its last byte, at points spread over a group of pictures of %d s: "+
		"WHEP from the answer, HLS from the first request:\n\n", all[0].row.clip.gop)
	head(b, "protocol", "server", "p50 ms", "p95 ms", "longest ms", "failed")
	pairs(all, func(ours, peer *measured) {
		first(b, ours)
		if peer == nil {
			return
		}
		first(b, peer)
		of := func(what func(wait) float64) string {
			return "**" + ratio(spreadOf(ours.waits, what).median, spreadOf(peer.waits, what).median) + "**"
		}
		line(b, "", "**ratio**", of(waitP50), of(waitP95), of(waitMax), "")
	})
	b.WriteString("\n")
}

func waitP50(w wait) float64 { return w.P50 }
func waitP95(w wait) float64 { return w.P95 }
func waitMax(w wait) float64 { return w.Max }

func first(b *strings.Builder, m *measured) {
	line(b, m.row.protocol, m.server, spreadOf(m.waits, waitP50).text(1), spreadOf(m.waits, waitP95).text(1), spreadOf(m.waits, waitMax).text(1),
		fixed(spreadOf(m.waits, func(w wait) float64 { return float64(w.Failed) }).max, 0))
}

func churns(b *strings.Builder, m *measured) {
	fmt.Fprintf(b, "%s, %d times; what %s holds after each round:\n\n", m.row.title(), m.row.rounds, m.server)
	head(b, "round", "came", "goroutines", "files", "heap MiB", "resident MiB")
	for i, r := range m.rounds {
		name := fmt.Sprint(i)
		if i == 0 {
			name = "before"
		}
		line(b, name, fmt.Sprint(r.came), fmt.Sprint(r.goroutines), fmt.Sprint(r.files), fixed(r.heap, 1), fixed(r.rss, 1))
	}
	b.WriteString("\n")
}
