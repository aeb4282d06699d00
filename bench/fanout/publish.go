package main

import (
	"errors"
	"os"
	"time"

	"github.com/bluenviron/gortsplib/v4"
	"github.com/bluenviron/gortsplib/v4/pkg/base"
	"github.com/bluenviron/gortsplib/v4/pkg/description"
	"github.com/bluenviron/gortsplib/v4/pkg/format"
	"github.com/pion/rtp"
)

func publish(url, file string, fps float64, dur time.Duration, audio bool) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	aus := splitAccessUnits(raw)
	if len(aus) == 0 {
		return errors.New("no access units in " + file)
	}
	var sps, pps []byte
	for _, n := range aus[0] {
		switch n[0] & 31 {
		case 7:
			sps = n
		case 8:
			pps = n
		}
	}
	vf := &format.H264{PayloadTyp: 96, SPS: sps, PPS: pps, PacketizationMode: 1}
	vm := &description.Media{Type: description.MediaTypeVideo, Formats: []format.Format{vf}}
	desc := &description.Session{Medias: []*description.Media{vm}}
	var am *description.Media
	if audio {
		am = &description.Media{Type: description.MediaTypeAudio, Formats: []format.Format{&format.Opus{PayloadTyp: 97, ChannelCount: 2}}}
		desc.Medias = append(desc.Medias, am)
	}
	tcp := gortsplib.TransportTCP
	c := &gortsplib.Client{Transport: &tcp}
	u, err := base.ParseURL(url)
	if err != nil {
		return err
	}
	c.Scheme, c.Host = u.Scheme, u.Host
	if err := c.StartRecording(url, desc); err != nil {
		return err
	}
	defer c.Close()
	enc, err := vf.CreateEncoder()
	if err != nil {
		return err
	}
	start := time.Now()
	frame := time.Duration(float64(time.Second) / fps)
	audioSeq, audioSent := uint16(0), 0
	for i := 0; time.Since(start) < dur; i++ {
		at := time.Duration(i) * frame
		time.Sleep(time.Until(start.Add(at)))
		au := aus[i%len(aus)]
		// The stamp goes before the first slice, after parameter sets.
		stamped := make([][]byte, 0, len(au)+1)
		put := false
		for _, n := range au {
			if t := n[0] & 31; !put && (t == 1 || t == 5) {
				stamped = append(stamped, stampNAL(time.Now()))
				put = true
			}
			stamped = append(stamped, n)
		}
		pkts, err := enc.Encode(stamped)
		if err != nil {
			return err
		}
		ts := uint32(at.Seconds() * 90000)
		for _, p := range pkts {
			p.Timestamp = ts
			if err := c.WritePacketRTP(vm, p); err != nil {
				return err
			}
		}
		for audio && time.Duration(audioSent)*20*time.Millisecond <= at {
			p := &rtp.Packet{Header: rtp.Header{
				Version: 2, PayloadType: 97, SequenceNumber: audioSeq,
				Timestamp: uint32(audioSent * 960), SSRC: 0x1234, Marker: true,
			}, Payload: []byte{0xfc, 0xff, 0xfe}}
			if err := c.WritePacketRTP(am, p); err != nil {
				return err
			}
			audioSeq++
			audioSent++
		}
	}
	return nil
}
