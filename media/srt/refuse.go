package srt

import (
	"errors"
	"fmt"
	"reflect"

	gosrt "github.com/datarhei/gosrt"

	"xianfeng/media"
)

// What is wrong with a request, where package media has no word for it.
var (
	errMalformed  = errors.New("a malformed handshake")
	errVersion    = errors.New("a handshake of version 4, which has no streamid")
	errPacketSize = errors.New("the peer takes too small packets")
	errClear      = errors.New("the connection must be encrypted")
	errEncrypted  = errors.New("the connection must not be encrypted: no passphrase is set here")
	errPassphrase = errors.New("wrong passphrase")
)

// minPayload is the smallest packet that a peer may ask for: one transport packet.
const minPayload = 188

// reason translates err for the peer.
func reason(err error) gosrt.RejectionReason {
	for _, r := range []struct {
		err    error
		reason gosrt.RejectionReason
	}{
		{media.ErrDenied, gosrt.REJX_UNAUTHORIZED},
		{media.ErrNotFound, gosrt.REJX_NOTFOUND},
		{media.ErrBusy, gosrt.REJX_CONFLICT},
		{media.ErrLimit, gosrt.REJX_OVERLOAD},
		{media.ErrCodec, gosrt.REJX_UNACCEPTABLE},
		{media.ErrBadName, gosrt.REJX_BAD_REQUEST},
		{media.ErrEnded, gosrt.REJX_NOTFOUND},
		{errStreamID, gosrt.REJX_BAD_REQUEST},
		{errMode, gosrt.REJX_BAD_MODE},
		{errType, gosrt.REJX_NOTSUP_MEDIA},
		{errVersion, gosrt.REJ_VERSION},
		{errPacketSize, gosrt.REJ_ROGUE},
		{errClear, gosrt.REJ_UNSECURE},
		{errEncrypted, gosrt.REJ_UNSECURE},
		{errPassphrase, gosrt.REJ_BADSECRET},
	} {
		if errors.Is(err, r.err) {
			return r.reason
		}
	}
	return gosrt.REJX_ISE
}

// refuse rejects a request and logs why.
func (s *Server) refuse(req gosrt.ConnRequest, name string, err error) {
	s.log.Warn("connection refused", "protocol", protocol, "stream", name, "remote", req.RemoteAddr().String(), "error", err)
	req.Reject(reason(err))
}

// admit checks a request as far as it concerns SRT.
func (s *Server) admit(req gosrt.ConnRequest) error {
	switch {
	case req.Version() < 5:
		return errVersion
	case payloadSize(req) < minPayload:
		return errPacketSize
	case s.cfg.Passphrase == "" && req.IsEncrypted():
		return errEncrypted
	case s.cfg.Passphrase != "" && !req.IsEncrypted():
		return errClear
	case req.IsEncrypted():
		if err := req.SetPassphrase(s.cfg.Passphrase); err != nil {
			return fmt.Errorf("%w: %v", errPassphrase, err) //nolint:errorlint // one kind is enough
		}
	}
	return nil
}

// payloadSize returns the size of packets that was agreed upon. The library shows it nowhere, and where
// the peer asks for less than its headers take, it wraps around to 4 GiB and Accept allocates that.
func payloadSize(req gosrt.ConnRequest) uint64 {
	n := reflect.ValueOf(req).Elem().FieldByName("config").FieldByName("PayloadSize").Uint()
	if n > gosrt.MAX_PAYLOAD_SIZE {
		return 0
	}
	return n
}
