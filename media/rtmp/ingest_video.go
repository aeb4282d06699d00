package rtmp

import (
	"time"

	"xianfeng/media"
)

func (x *incoming) configureVideo(t *tag) error {
	if x.track != nil && t.codec != x.codec {
		return errChanged
	}
	params, err := x.readConfig(t)
	if err != nil {
		return err
	}
	if x.track == nil {
		x.adopt(t, media.Track{Params: params})
		return nil
	}
	switch {
	case params == nil:
	case t.codec == media.AV1:
		x.sets = [][]byte{params.SequenceHeader}
	case t.codec == media.H265:
		x.sets = [][]byte{params.VPS, params.SPS, params.PPS}
	case t.codec == media.H264:
		x.sets = [][]byte{params.SPS, params.PPS}
	}
	return nil
}

// readConfig returns the parameters of a decoder configuration; nil where they are to come in the frames.
func (x *incoming) readConfig(t *tag) (*media.Params, error) {
	switch t.codec {
	case media.H264:
		r, err := parseAVCC(t.data)
		if err != nil {
			return nil, err
		}
		x.lengthSize = r.lengthSize
		if r.sps == nil && r.pps == nil {
			return nil, nil //nolint:nilnil // documented
		}
		return media.NewH264Params(r.sps, r.pps)
	case media.H265:
		r, err := parseHVCC(t.data)
		if err != nil {
			return nil, err
		}
		x.lengthSize = r.lengthSize
		if r.vps == nil && r.sps == nil && r.pps == nil {
			return nil, nil //nolint:nilnil // documented
		}
		return media.NewH265Params(r.vps, r.sps, r.pps)
	case media.AV1:
		header, err := av1Header(t.data)
		if err != nil || header == nil {
			return nil, err
		}
		return media.NewAV1Params(header)
	}
	return nil, nil //nolint:nilnil // VP9 has everything in its frames
}

func (in *ingest) videoFrame(at time.Duration, t *tag) error {
	x := &in.v
	if x.track == nil {
		if t.codec != media.VP9 {
			return nil // joined in the middle, or an encoder that sends its configuration late
		}
		x.adopt(t, media.Track{})
	}
	if t.codec != x.codec {
		return errChanged
	}
	var payload [][]byte
	var err error
	switch t.codec {
	case media.H264, media.H265:
		payload, err = splitNALUs(t.data, x.lengthSize)
	case media.AV1:
		payload, err = splitOBUs(t.data)
		if x.sets == nil && t.key && x.track.Params != nil && sequenceHeader(payload) == nil {
			x.sets = [][]byte{x.track.Params.SequenceHeader} // some send it in the configuration only
		}
	default:
		payload = [][]byte{t.data}
	}
	if err != nil || len(payload) == 0 || len(payload[0]) == 0 {
		return err
	}
	if x.sets != nil {
		if t.codec != media.AV1 || sequenceHeader(payload) == nil {
			payload = append(x.sets, payload...)
		}
		x.sets = nil
	}
	dts := x.clock.next(at)
	return in.write(true, media.Sample{PTS: dts + t.cts, DTS: dts, HasDTS: t.codec == media.H264 || t.codec == media.H265, Payload: payload})
}
