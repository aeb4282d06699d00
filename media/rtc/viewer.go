package rtc

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"

	"xianfeng/media"
	"xianfeng/media/datagram"
)

const maxAddrs = 8 // addresses from which a viewer is listened to; more: the oldest is forgotten

// Viewer is one remote end that is sent a stream. Its methods are for any goroutine.
type Viewer struct {
	t       *Transport
	g       *Group
	session *media.Session
	ctx     context.Context // ends with the viewer; its cause says why
	cancel  context.CancelCauseFunc
	once    sync.Once
	wg      sync.WaitGroup // its handshake
	since   time.Time
	source  netip.Prefix // whose place it holds until it is connected

	remoteHash, remoteFinger string // of the certificate that the offer promises

	// Guarded by Transport.mu.
	ufrag       string
	remoteUfrag string
	integrity   stun.MessageIntegrity // from our password
	admitted    bool
	connected   bool
	heard       time.Time        // newest authenticated STUN request
	moved       time.Time        // the address in use was last heard of
	addrs       []netip.AddrPort // keys in Transport.byAddr
	conns       []*framed        // over TCP
	recent      transactions
	pipe        *pipe        // while it shakes hands
	dtls        *association // afterwards

	to    atomic.Pointer[datagram.Peer] // where to send; nil until authenticated
	keys  atomic.Pointer[keys]          // nil until the handshake is over
	ears  ears                          // the receive loop's
	ssrcs [2]uint32                     // of the lanes; fixed

	waiting int // letters of it that the worker has not seen; guarded by Group.mu

	send sending // the worker's, once joined
}

func newViewer(t *Transport, g *Group, o *offer, a *answer) *Viewer {
	v := &Viewer{
		t: t, g: g, since: time.Now(), ufrag: credential(8),
		// Copies: the offer's strings are parts of all of its text.
		remoteUfrag: strings.Clone(o.ufrag), remoteHash: strings.Clone(o.hash), remoteFinger: strings.Clone(o.finger),
	}
	v.integrity = stun.NewShortTermIntegrity(credential(24))
	v.ctx, v.cancel = context.WithCancelCause(context.Background())
	v.ears.viewer = v
	v.send.lanes = a.lanes()
	for i := range v.ssrcs {
		v.ssrcs[i] = v.send.lanes[i].ssrc
		if v.send.lanes[i].twcc != 0 {
			v.send.log = new(sentLog)
		}
	}
	v.ears.line.log = v.send.log
	return v
}

// credential returns n random ice-chars: 6 bits each (RFC 8445 §5.3 asks for 24 and 128 bits).
func credential(n int) string {
	const chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // never fails (crypto/rand)
	for i := range b {
		b[i] = chars[b[i]&63]
	}
	return string(b)
}

// Done is closed when the viewer is gone.
func (v *Viewer) Done() <-chan struct{} { return v.ctx.Done() }

// Err says why the viewer is gone; nil while it is there.
func (v *Viewer) Err() error { return context.Cause(v.ctx) }

// Session is the viewer's entry in its stream.
func (v *Viewer) Session() *media.Session { return v.session }

// Profile is the name of the SRTP profile in use, "" before the handshake is over.
func (v *Viewer) Profile() string {
	if k := v.keys.Load(); k != nil {
		return k.profile
	}
	return ""
}

// Estimate is how many bits a second the viewer's line is believed to carry, 0 if that is not known. It
// is what was seen to pass: where nothing large was sent lately, the line may carry more.
func (v *Viewer) Estimate() int64 { return v.ears.line.rate.Load() }

// Close ends the viewer because of err. It does not block and may be called more than once.
func (v *Viewer) Close(err error) {
	v.once.Do(func() {
		v.cancel(err)
		v.remove()
	})
}

// ended is told that the stream is over, or that somebody does not want the viewer. What a delayed viewer
// has not been shown of the stream comes first: its group closes it then.
func (v *Viewer) ended(err error) {
	if v.g.delay > 0 && errors.Is(err, media.ErrEnded) {
		return
	}
	v.Close(err)
}

// remove takes the viewer off everything. It runs once, or a second time without effect.
func (v *Viewer) remove() {
	t := v.t
	t.mu.Lock()
	if !v.admitted {
		t.mu.Unlock()
		return // View cleans up
	}
	v.admitted = false
	delete(t.byUfrag, v.ufrag)
	for _, a := range v.addrs {
		delete(t.byAddr, a)
	}
	if len(t.byUfrag) == 0 { // maps keep the room of a crowd
		t.byUfrag, t.byAddr = map[string]*Viewer{}, map[netip.AddrPort]*Viewer{}
	}
	conns := v.conns
	v.addrs, v.conns = nil, nil
	if !v.connected {
		t.waitedLocked(v)
	}
	failed, a := v.pipe != nil, v.dtls
	t.mu.Unlock()
	level, what := slog.LevelInfo, "viewer left"
	if failed {
		level, what = slog.LevelWarn, "viewer failed"
	}
	t.log.Log(context.Background(), level, what, "stream", v.g.s.Name(), "protocol", v.session.Protocol, "remote", v.session.Remote, "error", v.Err())
	if a != nil {
		v.write(a.goodbye()) //nolint:errcheck // it is gone anyway
	}
	for _, c := range conns {
		c.end(lingerTime)
	}
	v.session.Leave()
	t.release(v.g)
}

// AfterDone calls f on a goroutine of its own once the viewer is gone.
func (v *Viewer) AfterDone(f func()) { context.AfterFunc(v.ctx, f) }

// Restart gives the viewer new ICE credentials (RFC 8445 §9); media goes on to the old address until
// the new ones are used. remoteUfrag is the other side's new one.
func (v *Viewer) Restart(remoteUfrag string) (ufrag, pwd string) {
	ufrag, pwd = credential(8), credential(24)
	t := v.t
	t.mu.Lock()
	defer t.mu.Unlock()
	if v.admitted {
		delete(t.byUfrag, v.ufrag)
		t.byUfrag[ufrag] = v
	}
	v.ufrag, v.remoteUfrag, v.integrity = ufrag, remoteUfrag, stun.NewShortTermIntegrity(pwd)
	return ufrag, pwd
}

// RemoteUfrag is the viewer's present ICE user name fragment.
func (v *Viewer) RemoteUfrag() string {
	v.t.mu.Lock()
	defer v.t.mu.Unlock()
	return v.remoteUfrag
}

// listenLocked makes packets from a belong to v.
func (v *Viewer) listenLocked(a netip.AddrPort) {
	if v.t.byAddr[a] == v {
		return
	}
	if old := v.t.byAddr[a]; old != nil { // the same socket, now with other credentials
		old.addrs = slices.DeleteFunc(old.addrs, func(x netip.AddrPort) bool { return x == a })
	}
	v.t.byAddr[a] = v
	if len(v.addrs) == maxAddrs {
		delete(v.t.byAddr, v.addrs[0])
		v.addrs = slices.Delete(v.addrs, 0, 1)
	}
	v.addrs = append(v.addrs, a)
}

// transactions remembers the newest STUN transactions, so that one that was overheard and is sent
// again from elsewhere does not move the viewer.
type transactions struct {
	ids  [64][stun.TransactionIDSize]byte
	next int
}

// fresh notes id and reports whether it was new.
func (x *transactions) fresh(id [stun.TransactionIDSize]byte) bool {
	if slices.Contains(x.ids[:], id) {
		return false
	}
	x.ids[x.next%len(x.ids)] = id
	x.next++
	return true
}
