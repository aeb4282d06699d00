package main

import (
	"strings"
	"testing"
)

func TestParseRow(t *testing.T) {
	for _, text := range append(append([]string{}, defaults...), short...) {
		if _, err := parseRow(text); err != nil {
			t.Error(err)
		}
	}
	for text, want := range map[string]row{
		"whep:300,own":                  {kind: "read", protocol: "whep", viewers: 300, own: true, clip: clip{2000, 2}},
		"streams:50x4,kbit=500,rps=off": {kind: "read", protocol: "whep", viewers: 200, streams: 50, rpsOff: true, clip: clip{500, 2}},
		"first:hls,gop=4":               {kind: "first", protocol: "hls", clip: clip{2000, 4}},
		"churn:whep:1000x10":            {kind: "churn", protocol: "whep", viewers: 1000, rounds: 10, clip: clip{2000, 2}},
	} {
		want.text = text
		if got, err := parseRow(text); err != nil || got != want {
			t.Errorf("parseRow(%q) = %+v, %v, want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "whep", "whep:0", "whep:many", "udp:3", "streams:50", "churn:hls:3", "whep:3,fast", "first:", "whep:3,kbit=x"} {
		if r, err := parseRow(text); err == nil {
			t.Errorf("parseRow(%q) = %+v, want an error", text, r)
		}
	}
}

func TestSpread(t *testing.T) {
	same := func(v float64) float64 { return v }
	for _, c := range []struct {
		in     []float64
		digits int
		want   string
	}{
		{nil, 1, "0.0"},
		{[]float64{2}, 3, "2.000"},
		{[]float64{3, 1, 2}, 0, "2 (1–3)"},
		{[]float64{4, 1, 2, 3}, 1, "2.5 (1.0–4.0)"},
		{[]float64{0.2401, 0.2399}, 2, "0.24"},
		{[]float64{-0.2, -0.1}, 0, "0"},
	} {
		if got := spreadOf(c.in, same).text(c.digits); got != c.want {
			t.Errorf("spread of %v = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestRatio(t *testing.T) {
	for want, in := range map[string][2]float64{"1 : 8.0": {0.25, 2}, "2.0 : 1": {2, 1}, "1 : 1.0": {1, 1}, "–": {0, 1}} {
		if got := ratio(in[0], in[1]); got != want {
			t.Errorf("ratio(%v, %v) = %q, want %q", in[0], in[1], got, want)
		}
	}
}

func TestReport(t *testing.T) {
	parsed := func(text string) row {
		r, err := parseRow(text)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	sample := func(cpu float64) reading {
		return reading{Connected: 100, Readers: 100, Seconds: 10, Mbits: 2000, CPU: cpu, P50: 5, P99: 9, Memory: 100, LoadCPU: 0.25}
	}
	worse := sample(2)
	worse.Lost, worse.LoadDrops, worse.Connected, worse.P50, worse.AnswerP50 = 7, 3, 99, 10, 1
	got := report([]*measured{
		{row: parsed("hls:100"), server: "xianfeng", readings: []reading{sample(0.2), sample(0.25), sample(0.3)}},
		{row: parsed("hls:100"), server: "mediamtx", readings: []reading{worse}},
		{row: parsed("whep:300,own"), server: "xianfeng", readings: []reading{sample(0.18)}},
		{row: parsed("first:whep,gop=4"), server: "xianfeng", waits: []wait{{P50: 3, P95: 9, Max: 30}}},
		{row: parsed("first:whep,gop=4"), server: "mediamtx", waits: []wait{{P50: 1500, P95: 3900, Max: 4000, Failed: 1}}},
		{row: parsed("churn:whep:1000x1"), server: "xianfeng", rounds: []round{
			{figures{27, 19, 5.04, 40, 1}, 0}, {figures{27, 19, 6, 60, 9}, 1000},
		}},
	})
	want := `| work | server | cpu-s per Gbit | Mbit/s | lost | p50 ms | p99 ms | KiB per viewer | starved % | load core % |
|---|---|---|---|---|---|---|---|---|---|
| hls, 100 viewers | xianfeng | 0.250 (0.200–0.300) | 200 | 0 | 5.0 | 9.0 | 100 | 0 | 25 |
| hls, 100 viewers | mediamtx | 2.000 | 200 | 7 (the load dropped 3), 1 viewers failed | 10.0 | 9.0 | 100 | 0 | 25 |
|  | **ratio** | **1 : 8.0** |  |  | **1 : 2.0** | **1 : 1.0** | **1 : 1.0** |  |  |
| whep, 300 viewers | xianfeng | 0.180 | 200 | 0 | 5.0 | 9.0 | 100 | 0 | 25 |

How long after a part exists its viewers have the playlist that lists it, and how often players had nothing to play:

| work | server | answer p50 ms | answer p99 ms | stalls |
|---|---|---|---|---|
| hls, 100 viewers | xianfeng | 0.0 | 0.0 | 0 |
| hls, 100 viewers | mediamtx | 1.0 | 0.0 | 0 |

How long until the first key frame is there to its last byte, at points spread over a group of pictures of 4 s: WHEP from the answer, HLS from the first request:

| protocol | server | p50 ms | p95 ms | longest ms | failed |
|---|---|---|---|---|---|
| whep | xianfeng | 3.0 | 9.0 | 30.0 | 0 |
| whep | mediamtx | 1500.0 | 3900.0 | 4000.0 | 1 |
|  | **ratio** | **1 : 500.0** | **1 : 433.3** | **1 : 133.3** |  |

whep, 1000 viewers come and leave, 1 times; what xianfeng holds after each round:

| round | came | goroutines | files | heap MiB | resident MiB |
|---|---|---|---|---|---|
| before | 0 | 27 | 19 | 5.0 | 40.0 |
| 1 | 1000 | 27 | 19 | 6.0 | 60.0 |
`
	if got != want {
		t.Errorf("report:\n%s\nwant:\n%s", got, want)
	}
}

func TestParseHot(t *testing.T) {
	got := parseHot([]byte("goos: linux\npkg: xianfeng/media/rtc\ncpu: X\n" +
		"BenchmarkSeal-2   \t  100\t  531.5 ns/op\t 2257 MB/s\t  0 B/op\t  0 allocs/op\n" +
		"PASS\nok  \txianfeng/media/rtc\t1.2s\npkg: xianfeng/media\nBenchmarkWrite/rtsp-udp \t 7\t 2 ns/op\t 1 B/op\t 3 allocs/op\n"))
	want := []hot{{"media/rtc", "Seal", "531.5", "0", "0"}, {"media", "Write/rtsp-udp", "2", "1", "3"}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("parseHot = %+v, want %+v", got, want)
	}
}

func TestParseFigures(t *testing.T) {
	text := "# HELP x y\ngo_goroutines 27\nprocess_open_fds 19\ngo_memstats_heap_alloc_bytes 1.048576e+06\n" +
		"process_resident_memory_bytes 2097152\nother{a=\"b\"} 4\ngo_gc_duration_seconds_count 12\n"
	got, err := parseFigures(strings.NewReader(text))
	want := figures{goroutines: 27, files: 19, heap: 1, rss: 2, collections: 12}
	if err != nil || got != want {
		t.Errorf("parseFigures = %+v, %v, want %+v", got, err, want)
	}
	if _, err := parseFigures(strings.NewReader("go_goroutines 3\n")); err == nil {
		t.Error("too few figures: no error")
	}
}
