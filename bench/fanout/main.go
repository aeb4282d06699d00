// Command fanout publishes live streams and opens many readers of them, over the protocols a viewer
// would use, and reports what arrived and what it cost the server.
//
// It knows nothing of the server under test: it speaks RTSP, WHEP and (LL-)HLS only, so two servers
// can be measured on the same work in one run. Each command prints one line of JSON.
//
//	fanout publish -url rtsp://127.0.0.1:8554/bars -h264 bars720.h264 -fps 25
//	fanout read  -proto whep -url http://127.0.0.1:8889/bars/whep -n 100 -for 20s -pid 4242
//	fanout first -proto whep -url http://127.0.0.1:8889/bars/whep -n 60 -every 130ms
//	fanout churn -proto hls -url http://127.0.0.1:8888/bars/index.m3u8 -n 1000
//
// With -streams N an address has {} where the number of the stream belongs.
//
// Every access unit that publish sends carries its wall-clock time in an SEI message, which survives
// remuxing; read finds it again, so latency is end to end through the server.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "fanout:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: fanout publish|read|first|churn [flags]")
	}
	fs := flag.NewFlagSet(args[0], flag.ExitOnError)
	url := fs.String("url", "", "what to publish to or to read")
	streams := fs.Int("streams", 0, "number of streams; 0: one, whose address has no {} in it")
	fps := fs.Float64("fps", 25, "frames per second that are published")
	if args[0] == "publish" {
		file := fs.String("h264", "", "Annex-B H.264 elementary stream, looped")
		dur := fs.Duration("for", time.Hour, "how long to publish")
		audio := fs.Bool("audio", true, "add an Opus track of silence")
		fs.Parse(args[1:]) //nolint:errcheck // exits
		p, err := loadProgramme(*file, *fps, *audio)
		if err != nil {
			return err
		}
		return p.publish(*url, *streams, *dur)
	}

	proto := fs.String("proto", "rtsp-tcp", "rtsp-tcp, rtsp-udp, whep or hls")
	n := fs.Int("n", 1, "number of readers")
	ramp := fs.Duration("ramp", 5*time.Millisecond, "pause between two set-ups")
	bearer := fs.String("bearer", "", "bearer token to send")
	twcc := fs.Bool("twcc", false, "WHEP viewers report when packets arrive (transport-wide congestion control)")
	dur := fs.Duration("for", 20*time.Second, "read: measured time, after all readers are set up")
	pid := fs.Int("pid", 0, "read: process of the server, for its CPU and memory")
	every := fs.Duration("every", 130*time.Millisecond, "first: time between two viewers")
	hold := fs.Duration("hold", time.Second, "churn: how long all viewers stay")
	silent := fs.Float64("silent", 0, "churn: share of viewers that leave without a word")
	fs.Parse(args[1:]) //nolint:errcheck // exits

	c := &crowd{proto: *proto, url: *url, bearer: *bearer, n: *n, streams: *streams, ramp: *ramp, fps: *fps, twcc: *twcc}
	var result any
	var err error
	switch args[0] {
	case "read":
		result, err = c.read(*dur, *pid)
	case "first":
		result, err = c.firsts(*every)
	case "churn":
		result, err = c.churn(*hold, *silent)
	default:
		return fmt.Errorf("unknown command %q", args[0])
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result)
}
