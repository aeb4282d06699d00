package recordings_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"xianfeng/recordings"
	"xianfeng/recordings/disk"
	"xianfeng/recordings/mp4"
)

func run(t testing.TB, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	var failure bytes.Buffer
	c.Stderr = &failure
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", program, args, err, failure.String())
	}
	return string(out)
}

// film makes a file of seven seconds; args come between the inputs and the name.
func film(t testing.TB, name string, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	run(t, "ffmpeg", append(append([]string{
		"-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=7", "-f", "lavfi", "-i", "sine=sample_rate=48000:duration=7",
	}, args...), file)...)
	return file
}

func library(t testing.TB) (*recordings.Library, string) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "library")
	return recordings.New(disk.New(root), nil), root
}

func add(t testing.TB, l *recordings.Library, file string) (*recordings.Item, error) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return l.Add(t.Context(), f, info.Size(), recordings.AddOptions{Name: file})
}

// playlist writes the item's playlist beside its segments, so that programs can play it from the disk.
func playlist(t testing.TB, root string, it *recordings.Item) string {
	t.Helper()
	name := filepath.Join(root, it.ID, "index.m3u8")
	if err := os.WriteFile(name, it.AppendPlaylist(nil, time.Now()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

type probed struct {
	pictures, sounds int
	first, last      [2]float64 // PTS of picture and sound
	hash             string     // of all decoded pictures
}

// probe has ffprobe and ffmpeg go through what they are given.
func probe(t testing.TB, file string) probed {
	t.Helper()
	var p probed
	for i, kind := range []string{"v", "a"} {
		var out struct {
			Packets []struct {
				PTS string `json:"pts_time"`
			}
		}
		text := run(t, "ffprobe", "-v", "error", "-select_streams", kind, "-show_entries", "packet=pts_time", "-of", "json", file)
		if err := json.Unmarshal([]byte(text), &out); err != nil {
			t.Fatal(err)
		}
		p.first[i], p.last[i] = math.Inf(1), math.Inf(-1)
		for _, x := range out.Packets {
			if v, err := strconv.ParseFloat(x.PTS, 64); err == nil {
				p.first[i], p.last[i] = min(p.first[i], v), max(p.last[i], v)
			}
		}
		if i == 0 {
			p.pictures = len(out.Packets)
		} else {
			p.sounds = len(out.Packets)
		}
	}
	if p.pictures > 0 {
		p.hash = run(t, "ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:v", "-fps_mode", "passthrough", "-f", "hash", "-")
	}
	return p
}

func TestFilesAreCutAsTheyAre(t *testing.T) {
	h264 := []string{"-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p"}
	aac := []string{"-c:a", "aac"}
	with := func(parts ...[]string) (out []string) {
		for _, p := range parts {
			out = append(out, p...)
		}
		return out
	}
	for _, x := range []struct {
		name   string
		args   []string
		codecs string
	}{
		{"moov last", with(h264, aac), "H264 AAC"},
		{"moov first", with(h264, aac, []string{"-movflags", "+faststart"}), "H264 AAC"},
		{"B-frames", with(h264, []string{"-preset", "medium", "-bf", "3"}, aac), "H264 AAC"},
		{"fragmented", with(h264, []string{"-bf", "2"}, aac, []string{"-movflags", "+frag_keyframe+empty_moov+default_base_moof"}), "H264 AAC"},
		{"fragmented with absolute offsets and delay", with(h264, aac, []string{"-movflags", "+frag_keyframe+delay_moov"}), "H264 AAC"},
		{"CMAF", with(h264, aac, []string{"-movflags", "+cmaf+frag_keyframe+empty_moov"}), "H264 AAC"},
		{"Opus", with(h264, []string{"-c:a", "libopus", "-b:a", "32k"}), "H264 Opus"},
		{"H.265", []string{"-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:keyint=50", "-pix_fmt", "yuv420p", "-tag:v", "hvc1", "-c:a", "aac"}, "H265 AAC"},
		{"AV1", []string{"-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "libopus"}, "AV1 Opus"},
		{"sets in the pictures", with(h264, aac, []string{"-tag:v", "avc3", "-bsf:v", "dump_extra"}), "H264 AAC"},
		{"picture alone", with(h264, []string{"-an"}), "H264"},
		{"sound alone", with([]string{"-vn"}, aac), "AAC"},
		{"sound begins later", with(h264, aac, []string{"-af", "adelay=500", "-muxdelay", "0"}), "H264 AAC"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			file := film(t, "film.mp4", x.args...)
			l, root := library(t)
			it, err := add(t, l, file)
			if err != nil {
				t.Fatal(err)
			}
			var codecs []string
			for i := range it.Tracks {
				codecs = append(codecs, it.Tracks[i].Codec)
				if it.Tracks[i].MIME == "" {
					t.Errorf("track %d has no name for browsers", i)
				}
			}
			if got := strings.Join(codecs, " "); got != x.codecs {
				t.Errorf("tracks: got %q, want %q", got, x.codecs)
			}
			if d := it.Duration - 7*time.Second; d.Abs() > 100*time.Millisecond {
				t.Errorf("it lasts %v, want 7 s", it.Duration)
			}
			if len(it.Segments) != 2 {
				t.Errorf("%d segments, want 2: %+v", len(it.Segments), it.Segments)
			}
			was, is := probe(t, file), probe(t, playlist(t, root, it))
			if was.pictures != is.pictures || was.hash != is.hash {
				t.Errorf("pictures: got %d, %s want %d, %s", is.pictures, is.hash, was.pictures, was.hash)
			}
			if d := was.sounds - is.sounds; d < 0 || d > 2 { // the priming is left out
				t.Errorf("sound: got %d packets, want %d", is.sounds, was.sounds)
			}
			if was.pictures > 0 && was.sounds > 0 {
				// Sound and picture lie to each other as they did.
				if d := (is.last[1] - is.last[0]) - (was.last[1] - was.last[0]); math.Abs(d) > 0.002 {
					t.Errorf("sound moved by %.4f s: %+v to %+v", d, was, is)
				}
			}
			again, err := l.Item(t.Context(), it.ID)
			if err != nil || again.Duration != it.Duration || again.Title != "film" || again.Origin != recordings.FromFile {
				t.Errorf("read back: %+v, %v", again, err)
			}
		})
	}
}

func TestCutListsAreKept(t *testing.T) {
	long := film(t, "long.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", "-c:a", "aac")
	file := filepath.Join(t.TempDir(), "cut.mp4")
	// From the middle of a group: the file begins with its key frame and says to show it from 2.6 s on.
	run(t, "ffmpeg", "-v", "error", "-nostdin", "-ss", "2.6", "-i", long, "-c", "copy", file)
	l, root := library(t)
	it, err := add(t, l, file)
	if err != nil {
		t.Fatal(err)
	}
	is := probe(t, playlist(t, root, it))
	was := probe(t, file)
	if d := (is.last[1] - is.last[0]) - (was.last[1] - was.last[0]); math.Abs(d) > 0.002 {
		t.Errorf("sound moved by %.4f s: %+v to %+v", d, was, is)
	}
	if it.Duration < 4300*time.Millisecond || it.Duration > 5100*time.Millisecond {
		t.Errorf("it lasts %v, want 4.4 s and what is needed before", it.Duration)
	}
}

func TestWhatCannotBePlayedIsRefused(t *testing.T) {
	good := film(t, "film.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac", "-movflags", "+faststart")
	b, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	last := film(t, "film.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac")
	bl, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	behind := bytes.Clone(b) // the picture's edit list begins hours behind its end (ISO/IEC 14496-12 §8.6.6: type, version, count, length, start)
	at := bytes.Index(behind, []byte("elst"))
	if at < 0 {
		t.Fatal("no edit list")
	}
	binary.BigEndian.PutUint32(behind[at+16:], 0x7fffffff)
	encrypted := film(t, "film.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-an", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
	be, err := os.ReadFile(encrypted)
	if err != nil {
		t.Fatal(err)
	}
	mpeg2, err := os.ReadFile(film(t, "film.mp4", "-c:v", "mpeg2video", "-an"))
	if err != nil {
		t.Fatal(err)
	}
	mp3, err := os.ReadFile(film(t, "film.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "libmp3lame"))
	if err != nil {
		t.Fatal(err)
	}
	mkv, err := os.ReadFile(film(t, "film.mkv", "-c:v", "libx264", "-preset", "ultrafast", "-an"))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name string
		b    []byte
		want error
	}{
		{"empty", nil, mp4.ErrNotMP4},
		{"text", []byte("hello, this is no film at all"), mp4.ErrNotMP4},
		{"Matroska", mkv, mp4.ErrNotMP4},
		{"cut off, moov first", b[:len(b)*2/3], mp4.ErrTruncated},
		{"cut off, moov last", bl[:len(bl)*2/3], mp4.ErrTruncated},
		{"encrypted", be, mp4.ErrEncrypted},
		{"edited away", behind, recordings.ErrNothing},
		{"MPEG-2", mpeg2, recordings.ErrCodec},
		{"MP3", mp3, recordings.ErrCodec},
	} {
		t.Run(x.name, func(t *testing.T) {
			l, root := library(t)
			it, err := l.Add(t.Context(), bytes.NewReader(x.b), int64(len(x.b)), recordings.AddOptions{Name: "film.mp4"})
			if !errors.Is(err, x.want) {
				t.Errorf("got %v, %v, want %v", it, err, x.want)
			}
			if entries, _ := os.ReadDir(root); len(entries) > 0 { // it may not exist
				t.Errorf("something is left: %v", entries)
			}
		})
	}
}

func TestOneKeyFrameIsTooFew(t *testing.T) {
	file := filepath.Join(t.TempDir(), "film.mp4")
	run(t, "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=5:duration=80", "-c:v", "libx264", "-preset", "ultrafast", "-g", "9999", "-sc_threshold", "0", file)
	l, _ := library(t)
	if _, err := add(t, l, file); !errors.Is(err, recordings.ErrNoKeys) {
		t.Errorf("got %v, want %v", err, recordings.ErrNoKeys)
	}
}

func TestLongGroupsAreCutWithinTheBound(t *testing.T) {
	file := filepath.Join(t.TempDir(), "film.mp4")
	run(t, "ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=10:duration=60", "-f", "lavfi", "-i", "sine=sample_rate=44100:duration=60", "-c:v", "libx264", "-preset", "ultrafast", "-g", "300", "-sc_threshold", "0", "-c:a", "aac", file)
	l, root := library(t)
	it, err := add(t, l, file)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range it.Segments {
		if s.Duration.Round(time.Second) > recordings.TargetDuration*time.Second {
			t.Errorf("segment %d lasts %v", i, s.Duration)
		}
	}
	was, is := probe(t, file), probe(t, playlist(t, root, it))
	if was.pictures != is.pictures || was.hash != is.hash {
		t.Errorf("pictures: got %d, %s want %d, %s", is.pictures, is.hash, was.pictures, was.hash)
	}
}

func TestTelephonesFilmUpright(t *testing.T) {
	flat, err := os.ReadFile(film(t, "flat.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-an"))
	if err != nil {
		t.Fatal(err)
	}
	upright := make([]byte, 36) // a quarter turn (ISO/IEC 14496-12 §8.3.2)
	for i, v := range []uint32{0, 1 << 16, 0, 0xffff0000, 0, 0, 90 << 16, 0, 1 << 30} {
		binary.BigEndian.PutUint32(upright[4*i:], v)
	}
	copy(flat[bytes.Index(flat, []byte("tkhd"))+4+40:], upright)
	l, root := library(t)
	it, err := l.Add(t.Context(), bytes.NewReader(flat), int64(len(flat)), recordings.AddOptions{Name: "upright.mp4"})
	if err != nil {
		t.Fatal(err)
	}
	init, err := os.ReadFile(filepath.Join(root, it.ID, recordings.InitName(0)))
	if err != nil {
		t.Fatal(err)
	}
	if got := init[bytes.Index(init, []byte("tkhd"))+44:][:36]; !bytes.Equal(got, upright) {
		t.Errorf("it lies on its side: % x", got)
	}
}

func TestAnItemThatIsGivenUpLeavesNothing(t *testing.T) {
	file := film(t, "film.mp4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	l, root := library(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = l.Add(ctx, f, info.Size(), recordings.AddOptions{Name: "x.mp4", Progress: func(int64) { cancel() }})
	if err == nil {
		cancel() // it was through before anybody was told
		return
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(root); len(entries) > 0 {
		t.Errorf("something is left: %v", entries)
	}
}

func Example_title() {
	fmt.Println(recordings.SegmentName(12), recordings.InitName(0))
	// Output: s12.mp4 i0.mp4
}
