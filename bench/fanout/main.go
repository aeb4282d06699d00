// Command fanout publishes one live stream and opens many readers of it, over the
// protocols a viewer would use, and reports what arrived and what it cost the server.
//
// It knows nothing of the server under test: it speaks RTSP, WHEP and (LL-)HLS only,
// so two servers can be measured on the same work in one run.
//
//	fanout publish -url rtsp://127.0.0.1:8554/bars -h264 bars720.h264 -fps 25
//	fanout read -proto whep -url http://127.0.0.1:8889/bars/whep -n 100 -for 20s -pid 4242
//
// Every access unit that publish sends carries its wall-clock time in an SEI message,
// which survives remuxing; read finds it again, so latency is end to end through the server.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fatal("usage: fanout publish|read [flags]")
	}
	switch os.Args[1] {
	case "publish":
		fs := flag.NewFlagSet("publish", flag.ExitOnError)
		url := fs.String("url", "", "RTSP URL to publish to")
		file := fs.String("h264", "", "Annex-B H.264 elementary stream, looped")
		fps := fs.Float64("fps", 25, "frames per second")
		dur := fs.Duration("for", time.Hour, "how long to publish")
		audio := fs.Bool("audio", true, "add an Opus track of silence")
		fs.Parse(os.Args[2:])
		check(publish(*url, *file, *fps, *dur, *audio))
	case "read":
		fs := flag.NewFlagSet("read", flag.ExitOnError)
		proto := fs.String("proto", "rtsp-tcp", "rtsp-tcp, rtsp-udp, whep or hls")
		url := fs.String("url", "", "URL to read")
		n := fs.Int("n", 1, "number of readers")
		dur := fs.Duration("for", 20*time.Second, "measured time, after all readers are set up")
		pid := fs.Int("pid", 0, "process of the server, for its CPU and memory")
		ramp := fs.Duration("ramp", 5*time.Millisecond, "pause between two set-ups")
		bearer := fs.String("bearer", "", "bearer token to send")
		row := fs.String("row", "", "print a row of the table for the server of this name, not JSON")
		fs.Parse(os.Args[2:])
		r, err := read(*proto, *url, *bearer, *n, *dur, *ramp, *pid)
		check(err)
		if *row != "" {
			r.print(*row)
			return
		}
		enc := json.NewEncoder(os.Stdout)
		check(enc.Encode(r))
	default:
		fatal("unknown command " + os.Args[1])
	}
}

// print writes one row of the table that run.sh heads.
func (r *Result) print(server string) {
	fmt.Printf("| %s | %s | %d/%d | %.0f | %.3f | %d | %.1f | %.1f | %.0f | %.1f |\n", server, r.Proto, r.Connected, r.Readers,
		r.Mbits/r.Seconds, r.CPUPerGbit, r.Lost, r.LatencyP50ms, r.LatencyP99ms, r.RSSPerReader, r.StarvedPct)
}

func check(err error) {
	if err != nil {
		fatal(err.Error())
	}
}

func fatal(s string) { fmt.Fprintln(os.Stderr, s); os.Exit(1) }
