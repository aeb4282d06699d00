// Command make-clip draws, encodes and writes media/testcard/clip.mp4: one minute of 1280x720 H.264
// (baseline, a key frame every two seconds, no B-frames) and Opus. It is run by go generate and wants
// ffmpeg with libx264, libopus and drawtext, and the Noto CJK fonts.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"

	"xianfeng/media/testcard"
)

const (
	width, height = 1280, 720
	keyEvery      = 2 * testcard.Rate

	// opusDelay is how many samples late libopus is. The sound is made that much early, so that what a
	// decoder that cuts nothing off puts out at time t is the sound of time t.
	opusDelay = 312
	opusPer   = 50 // packets per second
)

func main() {
	if err := run("clip.mp4"); err != nil {
		fmt.Fprintln(os.Stderr, "make-clip:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	dir, err := os.MkdirTemp("", "make-clip-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	picture, sound := filepath.Join(dir, "picture.mp4"), filepath.Join(dir, "sound.mp4")
	if err := encodePicture(picture); err != nil {
		return fmt.Errorf("picture: %w", err)
	}
	if err := encodeSound(sound); err != nil {
		return fmt.Errorf("sound: %w", err)
	}
	return mux(picture, sound, out)
}

// encodePicture draws the frames, has ffmpeg write the words on them, and encodes them.
func encodePicture(out string) error {
	cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-y",
		"-f", "rawvideo", "-pix_fmt", "rgba", "-s", fmt.Sprintf("%dx%d", width, height), "-r", strconv.Itoa(testcard.Rate), "-i", "pipe:0",
		"-vf", words()+",scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
		"-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryslow", "-threads", "1", "-crf", "22", "-refs", "1", "-level", "3.1",
		"-maxrate", "1200k", "-bufsize", "1200k", "-g", strconv.Itoa(keyEvery), "-keyint_min", strconv.Itoa(keyEvery), "-sc_threshold", "0", "-bf", "0",
		"-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv",
		"-fflags", "+bitexact", "-movflags", "+empty_moov+default_base_moof+frag_keyframe", "-f", "mp4", out)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	drawErr := drawAll(in)
	in.Close() // ffmpeg's exit status says whether it came through
	if err := cmd.Wait(); err != nil {
		return err
	}
	return drawErr
}

func drawAll(w io.Writer) error {
	card := newCard()
	for n := range testcard.Frames {
		if _, err := w.Write(card.frame(n)); err != nil {
			return err
		}
	}
	return nil
}

// encodeSound makes two minutes that are alike, for mux to take the second: it begins in the state in
// which the encoder leaves it.
func encodeSound(out string) error {
	t := fmt.Sprintf("(t+%d/48000)", opusDelay)
	// Each second a tick of 1 kHz that dies away in 40 ms, each ten seconds an octave higher, and on the
	// full minute a chime; beneath them a fifth that can hardly be heard, so that silence means a fault.
	expr := "0.30*exp(-90*mod(T,1))*sin(2*PI*1000*mod(T,1)*(1+lt(mod(T,10),1)))" +
		"+0.20*lt(mod(T,60),1)*exp(-3.5*mod(T,1))*(sin(2*PI*660*T)+sin(2*PI*880*T)*0.6)" +
		"+0.004*sin(2*PI*110*T)+0.003*sin(2*PI*165*T)"
	expr = strings.ReplaceAll(expr, "T", t)
	cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error", "-y",
		"-f", "lavfi", "-i", "aevalsrc='"+expr+"|"+expr+"':s=48000:d=121",
		"-c:a", "libopus", "-b:a", "40k", "-vbr", "constrained", "-application", "audio", "-frame_duration", "20",
		"-fflags", "+bitexact", "-movflags", "+empty_moov+default_base_moof", "-frag_duration", "1000000", "-f", "mp4", out)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// mux puts the picture and the second minute of the sound into one file, in fragments of a key frame each.
func mux(picture, sound, out string) error {
	video, frames, err := readTrack(picture)
	if err != nil {
		return err
	}
	audio, packets, err := readTrack(sound)
	if err != nil {
		return err
	}
	minute := testcard.Frames / testcard.Rate * opusPer
	if len(frames) != testcard.Frames || len(packets) < 2*minute {
		return fmt.Errorf("mux: %d pictures and %d packets of sound, want %d and %d", len(frames), len(packets), testcard.Frames, 2*minute)
	}
	packets = packets[minute : 2*minute]
	video.ID, video.TimeScale, audio.ID, audio.TimeScale = 1, 90000, 2, 48000
	var b buffer
	if err := (&fmp4.Init{Tracks: []*fmp4.InitTrack{video, audio}}).Marshal(&b); err != nil {
		return err
	}
	perPart := keyEvery / testcard.Rate * opusPer
	for i := 0; i*keyEvery < len(frames); i++ {
		v := &fmp4.PartTrack{ID: 1, BaseTime: uint64(i * keyEvery * 90000 / testcard.Rate)}
		for j, s := range frames[i*keyEvery : (i+1)*keyEvery] {
			payload, key, err := slicesOf(s)
			if err != nil {
				return err
			}
			if key != (j == 0) {
				return fmt.Errorf("mux: picture %d: key frame = %v", i*keyEvery+j, key)
			}
			v.Samples = append(v.Samples, &fmp4.Sample{Duration: 90000 / testcard.Rate, IsNonSyncSample: j > 0, Payload: payload})
		}
		a := &fmp4.PartTrack{ID: 2, BaseTime: uint64(i * perPart * 48000 / opusPer)}
		for _, s := range packets[i*perPart : (i+1)*perPart] {
			a.Samples = append(a.Samples, &fmp4.Sample{Duration: 48000 / opusPer, Payload: s.Payload})
		}
		if err := (&fmp4.Part{SequenceNumber: uint32(i), Tracks: []*fmp4.PartTrack{v, a}}).Marshal(&b); err != nil {
			return err
		}
	}
	return os.WriteFile(out, b.data, 0o644)
}

func readTrack(name string) (*fmp4.InitTrack, []*fmp4.Sample, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, nil, err
	}
	var head fmp4.Init
	if err := head.Unmarshal(bytes.NewReader(b)); err != nil {
		return nil, nil, err
	}
	if len(head.Tracks) != 1 {
		return nil, nil, fmt.Errorf("%s: %d tracks, want 1", name, len(head.Tracks))
	}
	var parts fmp4.Parts
	if err := parts.Unmarshal(b); err != nil {
		return nil, nil, err
	}
	var all []*fmp4.Sample
	for _, p := range parts {
		for _, t := range p.Tracks {
			all = append(all, t.Samples...)
		}
	}
	return head.Tracks[0], all, nil
}

// slicesOf leaves the slices only: the parameter sets are in the head, and x264's message says nothing to a viewer.
func slicesOf(s *fmp4.Sample) (payload []byte, key bool, err error) {
	var nalus, slices h264.AVCC
	if err := nalus.Unmarshal(s.Payload); err != nil {
		return nil, false, err
	}
	for _, n := range nalus {
		if t := h264.NALUType(n[0] & 0x1f); t == h264.NALUTypeIDR || t == h264.NALUTypeNonIDR {
			slices, key = append(slices, n), t == h264.NALUTypeIDR
		}
	}
	payload, err = slices.Marshal()
	return payload, key, err
}

// buffer is an io.WriteSeeker in memory.
type buffer struct {
	data []byte
	pos  int
}

func (b *buffer) Write(p []byte) (int, error) {
	if grow := b.pos + len(p) - len(b.data); grow > 0 {
		b.data = append(b.data, make([]byte, grow)...)
	}
	n := copy(b.data[b.pos:], p)
	b.pos += n
	return n, nil
}

func (b *buffer) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
		b.pos = int(offset)
	case io.SeekCurrent:
		b.pos += int(offset)
	case io.SeekEnd:
		b.pos = len(b.data) + int(offset)
	}
	return int64(b.pos), nil
}
