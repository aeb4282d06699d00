package media

import "time"

// StreamInfo is a snapshot of a stream for people and programs: the API, the list of what is on air.
type StreamInfo struct {
	Name      string            `json:"name"`
	Live      bool              `json:"live"` // somebody publishes now
	Ready     bool              `json:"ready"`
	Since     time.Time         `json:"since"`
	Publisher *PublisherInfo    `json:"publisher,omitempty"`
	Map       *MapInfo          `json:"map,omitempty"`
	Tracks    []TrackInfo       `json:"tracks"`
	Reordered bool              `json:"bFrames"`
	Readers   map[string]int    `json:"readers"` // by protocol
	Viewers   int               `json:"viewers"`
	Sessions  []SessionInfo     `json:"sessions,omitempty"`
	Notes     map[string]string `json:"notes,omitempty"`
}

// MapInfo is a Map as programs are told of it.
type MapInfo struct {
	Epoch uint32  `json:"epoch"`
	PTS   float64 `json:"pts"`   // seconds
	At    float64 `json:"at"`    // milliseconds since the Unix epoch
	Slope float64 `json:"slope"` // how much faster than stream time programme time advances, in ppm
}

// Info returns m as programs are told of it.
func (m Map) Info() *MapInfo {
	return &MapInfo{Epoch: m.Epoch, PTS: m.PTS.Seconds(), At: float64(m.At.UnixNano()) / 1e6, Slope: m.Slope * 1e6}
}

// PublisherInfo is the part of StreamInfo about the publisher.
type PublisherInfo struct {
	Protocol string    `json:"protocol"`
	Remote   string    `json:"remote"`
	Since    time.Time `json:"since"`
	Lost     uint64    `json:"lostPackets"`
	Dropped  uint64    `json:"droppedSamples"`
}

// TrackInfo is the part of StreamInfo about one track. Bits is per second.
type TrackInfo struct {
	Codec      string  `json:"codec"`
	MIME       string  `json:"mime"`
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	FPS        float64 `json:"fps,omitempty"`
	SampleRate int     `json:"sampleRate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
	Bits       uint64  `json:"bitRate"`
	Bytes      uint64  `json:"bytes"`
}

// SessionInfo is the part of StreamInfo about one reader.
type SessionInfo struct {
	ID       string    `json:"id"`
	Protocol string    `json:"protocol"`
	Remote   string    `json:"remote"`
	Since    time.Time `json:"since"`
	Sent     uint64    `json:"sentBytes"`
	Lost     uint64    `json:"lostPackets"`
}

// Info returns a snapshot; its Sessions are filled only if sessions is true.
func (s *Stream) Info(sessions bool) StreamInfo {
	told, has := s.timeline.Map()
	s.mu.Lock()
	defer s.mu.Unlock()
	info := StreamInfo{Name: s.name, Live: s.pub != nil, Ready: s.hasKey, Since: s.started, Reordered: s.reordered.Load(), Readers: map[string]int{}, Viewers: len(s.sessions)}
	if has {
		info.Map = told.Info()
	}
	if p := s.pub; p != nil {
		info.Publisher = &PublisherInfo{Protocol: p.Protocol, Remote: p.Remote, Since: p.Since, Lost: p.Lost(), Dropped: p.Dropped()}
	}
	for i := range s.tracks {
		t := &s.tracks[i]
		x := TrackInfo{Codec: t.Codec.String(), SampleRate: t.SampleRate, Channels: t.Channels, MIME: t.MIMECodec(s.params)}
		if t.Codec.Video() && s.params != nil {
			x.Width, x.Height, x.FPS = s.params.Width, s.params.Height, s.params.FPS
		}
		if s.pub != nil {
			x.Bits, x.Bytes = s.pub.state[i].rate.bits.Load(), s.pub.state[i].rate.total.Load()
		}
		info.Tracks = append(info.Tracks, x)
	}
	for x := range s.sessions {
		info.Readers[x.Protocol]++
		if sessions {
			info.Sessions = append(info.Sessions, SessionInfo{ID: x.ID, Protocol: x.Protocol, Remote: x.Remote, Since: x.Since, Sent: x.Sent.Load(), Lost: x.Lost.Load()})
		}
	}
	if len(s.notes) > 0 {
		info.Notes = make(map[string]string, len(s.notes))
		for k, v := range s.notes {
			info.Notes[k] = v
		}
	}
	return info
}
