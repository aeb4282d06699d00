package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"
)

// programme is what all streams carry.
type programme struct {
	units    [][][]byte // access units of NAL units, looped
	sps, pps []byte
	fps      float64
	audio    bool
}

func loadProgramme(file string, fps float64, audio bool) (*programme, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read programme: %w", err)
	}
	p := &programme{units: splitAccessUnits(raw), fps: fps, audio: audio}
	if len(p.units) == 0 {
		return nil, errors.New("no access units in " + file)
	}
	for _, n := range p.units[0] {
		switch n[0] & 31 {
		case 7:
			p.sps = n
		case 8:
			p.pps = n
		}
	}
	return p, nil
}

// numbered puts a number where the address says {}.
func numbered(url string, i int) string { return strings.ReplaceAll(url, "{}", strconv.Itoa(i)) }

// publish sends the programme to one stream, or to several whose frames come one after the other,
// evenly spread, as those of independent publishers would.
func (p *programme) publish(url string, streams int, dur time.Duration) error {
	start := time.Now()
	failed := make(chan error, max(1, streams))
	for i := range max(1, streams) {
		shift := time.Duration(float64(i) / float64(max(1, streams)) / p.fps * float64(time.Second))
		go func() { // ends after dur; waited for below, or with the process at the first failure
			failed <- p.send(numbered(url, i), start.Add(shift), dur)
		}()
	}
	for range max(1, streams) {
		if err := <-failed; err != nil {
			return err
		}
	}
	return nil
}

func (p *programme) send(url string, start time.Time, dur time.Duration) error {
	vf := &format.H264{PayloadTyp: 96, SPS: p.sps, PPS: p.pps, PacketizationMode: 1}
	vm := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{vf}}
	desc := &description.Session{Medias: []*description.Media{vm}}
	am := &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.Opus{PayloadTyp: 97, ChannelCount: 2}}}
	if p.audio {
		desc.Medias = append(desc.Medias, am)
	}
	tcp := gortsplib.TransportTCP
	u, err := base.ParseURL(url)
	if err != nil {
		return fmt.Errorf("publish to %q: %w", url, err)
	}
	// The queue takes the frames of a second in which this process was not scheduled.
	c := &gortsplib.Client{Transport: &tcp, Scheme: u.Scheme, Host: u.Host, WriteQueueSize: 1024}
	if err := c.StartRecording(url, desc); err != nil {
		return fmt.Errorf("publish to %q: %w", url, err)
	}
	defer c.Close()
	enc, err := vf.CreateEncoder()
	if err != nil {
		return fmt.Errorf("publish to %q: %w", url, err)
	}
	frame := time.Duration(float64(time.Second) / p.fps)
	sound := &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 97, SSRC: 0x1234, Marker: true},
		Payload: []byte{0xfc, 0xff, 0xfe}, // 20 ms of silence
	}
	sent := 0 // packets of sound
	for i := 0; time.Since(start) < dur; i++ {
		at := time.Duration(i) * frame
		time.Sleep(time.Until(start.Add(at)))
		pkts, err := enc.Encode(stamped(p.units[i%len(p.units)]))
		if err != nil {
			return fmt.Errorf("publish to %q: %w", url, err)
		}
		for _, pkt := range pkts {
			pkt.Timestamp = uint32(at.Seconds() * 90000)
			if err := c.WritePacketRTP(vm, pkt); err != nil {
				return fmt.Errorf("publish to %q: %w", url, err)
			}
		}
		for ; p.audio && time.Duration(sent)*20*time.Millisecond <= at; sent++ {
			if err := c.WritePacketRTP(am, sound); err != nil {
				return fmt.Errorf("publish to %q: %w", url, err)
			}
			sound.SequenceNumber++
			sound.Timestamp += 960
		}
	}
	return nil
}

// stamped returns an access unit with the stamp before its first slice, after parameter sets.
func stamped(au [][]byte) [][]byte {
	out := make([][]byte, 0, len(au)+1)
	put := false
	for _, n := range au {
		if t := n[0] & 31; !put && (t == 1 || t == 5) {
			out = append(out, stampNAL(time.Now()))
			put = true
		}
		out = append(out, n)
	}
	return out
}
