package sound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"time"

	"xianfeng/media"
	"xianfeng/media/mpegts"
)

const (
	restartMin = time.Second
	restartMax = 30 * time.Second
	noteTopic  = "sound"
)

// Transcoder makes derived streams of Opus.
type Transcoder struct {
	program string
	log     *slog.Logger

	mu      sync.Mutex // guards running, closed
	running map[*media.Stream]*job
	closed  bool
	jobs    sync.WaitGroup
}

// job is one child, with those who listen to it.
type job struct {
	derived   *media.Derived
	listeners int
	cancel    context.CancelFunc
}

// New returns a transcoder that runs program, the name or path of ffmpeg.
func New(program string, log *slog.Logger) *Transcoder {
	return &Transcoder{program: program, log: log, running: map[*media.Stream]*job{}}
}

// Open returns the sound of s as a stream of one Opus track, on the times of s, and a function that
// must be called once when it is not listened to any more. It fails with media.ErrCodec if s has no AAC
// sound, or if ffmpeg is not installed.
func (x *Transcoder) Open(s *media.Stream) (*media.Stream, func(), error) {
	i := s.Track(false)
	if i < 0 || s.Tracks()[i].Codec != media.AAC {
		return nil, nil, fmt.Errorf("sound of %q: %w: only AAC is turned into Opus", s.Name(), media.ErrCodec)
	}
	path, err := exec.LookPath(x.program)
	if err != nil {
		return nil, nil, fmt.Errorf("sound of %q: %s is not installed", s.Name(), x.program)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, nil, fmt.Errorf("sound of %q: %w", s.Name(), media.ErrEnded)
	}
	j := x.running[s]
	if j == nil {
		ctx, cancel := context.WithCancel(context.Background())
		j = &job{derived: s.Derive(media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}), cancel: cancel}
		x.running[s] = j
		// run ends with cancel, which the last listener or Close calls, or with the stream.
		x.jobs.Go(func() { x.run(ctx, path, s, j.derived) })
	}
	j.listeners++
	var once sync.Once
	return j.derived.Stream(), func() { once.Do(func() { x.release(s, j) }) }, nil
}

func (x *Transcoder) release(s *media.Stream, j *job) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if j.listeners--; j.listeners == 0 {
		j.cancel()
		if x.running[s] == j {
			delete(x.running, s)
		}
	}
}

// Close stops all children and waits for them.
func (x *Transcoder) Close() {
	x.mu.Lock()
	x.closed = true
	for _, j := range x.running {
		j.cancel()
	}
	x.mu.Unlock()
	x.jobs.Wait()
}

// run keeps a child going until ctx or the stream ends.
func (x *Transcoder) run(ctx context.Context, program string, s *media.Stream, d *media.Derived) {
	x.log.Info("sound is being turned into Opus", "stream", s.Name())
	wait := restartMin
	for {
		began := time.Now()
		err := once(ctx, program, s, d)
		if ctx.Err() != nil || s.Ended() != nil {
			break
		}
		if time.Since(began) > restartMax {
			wait = restartMin
		}
		s.SetNote(noteTopic, "the sound can't be turned into Opus just now: ffmpeg ended")
		x.log.Warn("ffmpeg ended", "stream", s.Name(), "error", err, "again_in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, restartMax)
	}
	s.SetNote(noteTopic, "")
	d.End(fmt.Errorf("sound of %q: %w", s.Name(), media.ErrEnded))
	x.log.Info("sound is no longer turned into Opus", "stream", s.Name())
}

// once runs one child until it ends, ctx does or the stream does.
func once(ctx context.Context, program string, s *media.Stream, d *media.Derived) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := command(ctx, program)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	said := &tail{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	if err := confine(cmd.Process.Pid); err != nil {
		cancel()
		return errors.Join(err, cmd.Wait())
	}
	at := &place{}
	fed := make(chan error, 1)
	// feed ends with ctx, with the stream, or when the child no longer reads; once waits for it.
	go func() {
		fed <- feed(ctx, s, in, at)
		in.Close() //nolint:errcheck // the child sees the end either way
	}()
	err = collect(out, d, at)
	cancel()
	err = errors.Join(err, <-fed)
	if waited := cmd.Wait(); waited != nil {
		err = errors.Join(err, waited)
	}
	if text := said.String(); text != "" {
		err = fmt.Errorf("%w: %s", err, text)
	}
	return err
}

// feed writes the sound of s to the child.
func feed(ctx context.Context, s *media.Stream, w io.Writer, at *place) error {
	track := s.Track(false)
	ts, err := mpegts.NewWriter(w, s.Tracks()[track:track+1])
	if err != nil {
		return err
	}
	r := s.NewReader()
	for {
		u, err := r.Next(ctx)
		if err != nil {
			return err
		}
		if u.Track != track {
			continue
		}
		at.set(u.PTS, u.Epoch)
		only := *u
		only.Track = 0 // the writer knows this track alone
		if err := ts.Write(&only); err != nil {
			return err
		}
	}
}

// collect writes what the child makes to the derived stream.
func collect(r io.Reader, d *media.Derived, at *place) error {
	ts, err := mpegts.NewReader(r)
	if err != nil {
		return err
	}
	pts, _ := at.get()
	ts.Near(pts)
	track := &media.Track{Codec: media.Opus, SampleRate: 48000, Channels: 2}
	for {
		err := ts.Read(func(_ int, x media.Sample) {
			_, epoch := at.get()
			pts := x.PTS
			for _, b := range x.Payload {
				d.Write(pts, epoch, b)
				pts += track.PacketDuration(b)
			}
		})
		if err != nil {
			return err
		}
	}
}

// place is where the programme is, for the reader of the child's output.
type place struct {
	mu    sync.Mutex // guards pts, epoch
	pts   time.Duration
	epoch uint32
}

func (p *place) set(pts time.Duration, epoch uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pts, p.epoch = pts, epoch
}

func (p *place) get() (time.Duration, uint32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pts, p.epoch
}
