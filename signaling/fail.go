package signaling

import (
	"errors"

	"xianfeng/internal/errs"
)

// The kinds of failure that pages are told.
const (
	KindNotFound = "notfound"
	KindDenied   = "denied"
	KindConflict = "conflict"
	KindExists   = "exists"
	KindInvalid  = "invalid"
	KindTooLarge = "toolarge"
	KindTooMany  = "toomany" // now; later perhaps
	KindFull     = "full"
	KindServer   = "server" // the server's own fault
)

// KindOf maps the kinds of failure to those that pages are told, and to words that may be shown.
func KindOf(err error) (kind, why string) {
	for _, x := range [...]struct {
		is   error
		kind string
	}{
		{errs.NotFound, KindNotFound},
		{errs.Denied, KindDenied},
		{errs.Conflict, KindConflict},
		{errs.Exists, KindExists},
		{errs.TooLarge, KindTooLarge},
		{errs.TooMany, KindTooMany},
		{errs.Full, KindFull},
	} {
		if errors.Is(err, x.is) {
			return x.kind, x.is.Error()
		}
	}
	if errors.Is(err, errs.Invalid) { // what was sent is theirs: they may hear what is wrong with it
		return KindInvalid, clip(err.Error())
	}
	return KindServer, "failed on the server"
}

func clip(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most]
	}
	return text
}

// Codes with which the server closes a socket, besides those of RFC 6455 §7.4.1: 1001 when it stops, 1009 for a
// message that is too long.
const (
	CloseShape    = 4000 // a message is not one
	CloseAnew     = 4001 // who the visitor is has changed: connect again
	CloseNoHello  = 4002 // hello did not come, or not first
	CloseReplaced = 4003 // the same page has another socket
	CloseTooMany  = 4008 // too many messages
	CloseTooSlow  = 4009 // does not read what it is sent
	CloseVersion  = 4010 // a version that this server does not speak
	CloseSilent   = 4011 // nothing came for too long
)
