package rtc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/pion/dtls/v3/pkg/crypto/ciphersuite"
	"github.com/pion/dtls/v3/pkg/protocol"
	"github.com/pion/dtls/v3/pkg/protocol/alert"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
	"github.com/pion/dtls/v3/pkg/protocol/recordlayer"
)

// The four flights of a handshake without a cookie, by what their first record says.
type flight struct {
	name  string
	first func(b []byte) bool
	ours  bool // the port sends it
}

func startsWith(kind byte, message handshake.Type) func([]byte) bool {
	return func(b []byte) bool {
		return len(b) > recordHeader && b[0] == kind && (kind != recordHandshake || handshake.Type(b[recordHeader]) == message)
	}
}

var flights = []flight{
	{"ClientHello", startsWith(recordHandshake, handshake.TypeClientHello), false},
	{"ServerHello", startsWith(recordHandshake, handshake.TypeServerHello), true},
	{"client's Finished", startsWith(recordHandshake, handshake.TypeCertificate), false},
	{"server's Finished", startsWith(recordChange, 0), true},
}

func TestOneFlightThatIsHarmed(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	cert := testCertificate(t)
	for _, f := range flights {
		for harm, what := range map[string]func(b []byte, held *[]byte) [][]byte{
			"lost":    func([]byte, *[]byte) [][]byte { return nil },
			"doubled": func(b []byte, _ *[]byte) [][]byte { return [][]byte{b, bytes.Clone(b)} },
			"late": func(b []byte, held *[]byte) [][]byte { // after what comes next
				*held = b
				return nil
			},
		} {
			t.Run(f.name+" "+harm, func(t *testing.T) {
				b := newBare(t, w, cert)
				defer b.close()
				done := 0
				var held []byte
				filter := func(p []byte) [][]byte {
					switch {
					case done == 0 && f.first(p):
						done++
						return what(p, &held)
					case held != nil:
						p, held = held, p
						out := [][]byte{held, p}
						held = nil
						return out
					}
					return [][]byte{p}
				}
				if f.ours {
					b.in = filter
				} else {
					b.out = filter
				}
				if err := b.shake(cert); err != nil {
					t.Fatalf("handshake: %v", err)
				}
				if done != 1 {
					t.Error("the flight was not seen")
				}
				connected(t, b.v)
				if err := b.dtls.Close(); err != nil {
					t.Fatal(err)
				}
				gone(t, b.v, errGoodbye)
			})
		}
	}
}

func TestHandshakesOverABadNetwork(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	cert := testCertificate(t)
	before := runtime.NumGoroutine()
	const n = 60
	var all []*bare
	for range n {
		all = append(all, newBare(t, w, cert))
	}
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i, b := range all {
		// A fifth is lost, a twentieth comes twice.
		bad := func(r *rand.Rand) func(p []byte) [][]byte {
			return func(p []byte) [][]byte {
				switch x := r.IntN(20); {
				case x < 4:
					return nil
				case x == 4:
					return [][]byte{p, bytes.Clone(p)}
				}
				return [][]byte{p}
			}
		}
		b.in, b.out = bad(rand.New(rand.NewPCG(1, uint64(i)))), bad(rand.New(rand.NewPCG(2, uint64(i)))) //nolint:gosec // a test
		wg.Add(1)
		// Ends with the handshake.
		go func() {
			defer wg.Done()
			errs[i] = b.shake(cert)
		}()
	}
	wg.Wait()
	fine := 0
	for i, b := range all {
		switch {
		case errs[i] == nil:
			// On a slow machine the port's ten seconds may end between its last flight and the client's joy.
			eventually(t, "the port's side of the handshake ends", func() bool { return b.v.keys.Load() != nil || b.v.Err() != nil })
			if b.v.keys.Load() != nil {
				fine++
			}
			b.v.Close(errors.New("enough"))
		case !errors.Is(errs[i], context.DeadlineExceeded):
			t.Errorf("handshake %d: %v", i, errs[i])
		default:
			b.v.Close(errors.New("enough"))
		}
		b.close()
	}
	if fine < n*9/10 {
		t.Errorf("%d of %d viewers were connected", fine, n)
	}
	eventually(t, "all is let go", func() bool {
		w.rtc.mu.Lock()
		defer w.rtc.mu.Unlock()
		return len(w.rtc.byAddr)+len(w.rtc.byUfrag)+w.rtc.waiting+len(w.rtc.waitingOf) == 0 && runtime.NumGoroutine() <= before
	})
}

func TestForgedGoodbyesAreNotBelieved(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	cert := testCertificate(t)
	b := newBare(t, w, cert)
	defer b.close()
	if err := b.shake(cert); err != nil {
		t.Fatal(err)
	}
	connected(t, b.v)
	w.rtc.mu.Lock()
	a := *b.v.dtls
	w.rtc.mu.Unlock()
	true1 := clientRecord(t, &a, 1<<20, &alert.Alert{Level: alert.Warning, Description: alert.CloseNotify})
	other := a
	other.clientKey[0] ^= 1
	harmless := clientRecord(t, &a, 1<<20+1, &alert.Alert{Level: alert.Warning, Description: alert.NoRenegotiation})
	for name, r := range map[string][]byte{
		"in the clear":          {recordAlert, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0},
		"fatal, in the clear":   {recordAlert, 254, 253, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 2, 40},
		"in the clear, epoch 1": {recordAlert, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0},
		"another key":           clientRecord(t, &other, 1<<20, &alert.Alert{Level: alert.Warning, Description: alert.CloseNotify}),
		"our own":               a.goodbye(),
		"another number":        changed(true1, 10),
		"another epoch":         changed(true1, 4),
		"another kind":          changed(true1, 0),
		"cut":                   true1[:len(true1)-1],
		"a mere warning":        harmless,
		"the fifth":             append(bytes.Repeat(harmless, maxRecords), true1...),
	} {
		b.v.handleDTLS(bytes.Clone(r))
		if b.v.Err() != nil {
			t.Fatalf("%s: the viewer was ended: %v", name, b.v.Err())
		}
	}
	b.v.handleDTLS(true1)
	gone(t, b.v, errGoodbye)
}

func changed(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 1
	return b
}

// clientRecord seals a record as the client does.
func clientRecord(t testing.TB, a *association, seq uint64, content protocol.Content) []byte {
	t.Helper()
	c, err := ciphersuite.NewGCM(a.clientKey[:], a.clientIV[:], a.serverKey[:], a.serverIV[:])
	if err != nil {
		t.Fatal(err)
	}
	r := &recordlayer.RecordLayer{Header: recordlayer.Header{Version: protocol.Version1_2, Epoch: 1, SequenceNumber: seq}, Content: content}
	raw, err := r.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.Encrypt(r, raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatAnAssociationHears(t *testing.T) {
	a := &association{clientKey: [16]byte{1}, serverKey: [16]byte{2}, clientIV: [4]byte{3}, serverIV: [4]byte{4}}
	end := clientRecord(t, a, 7, &alert.Alert{Level: alert.Warning, Description: alert.CloseNotify})
	finished := clientRecord(t, a, 1, &handshake.Handshake{Message: &handshake.MessageFinished{VerifyData: make([]byte, 12)}})
	change := []byte{recordChange, 254, 253, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 1}
	for name, x := range map[string]struct {
		b    []byte
		want wish
	}{
		"nothing":                {nil, wishNothing},
		"a goodbye":              {end, wishEnd},
		"a fatal alert":          {clientRecord(t, a, 7, &alert.Alert{Level: alert.Fatal, Description: alert.DecodeError}), wishEnd},
		"a flight again":         {append(bytes.Clone(change), finished...), wishFlight},
		"a flight and a goodbye": {append(bytes.Clone(finished), end...), wishEnd},
		"renegotiation":          {clientRecord(t, a, 8, &handshake.Handshake{Message: &handshake.MessageServerHelloDone{}}), wishNothing},
		"data":                   {clientRecord(t, a, 8, &protocol.ApplicationData{Data: []byte("21")}), wishNothing},
		"a length that lies":     {append(append(bytes.Clone(change[:11]), 255, 255), end...), wishNothing},
	} {
		if got := a.hear(bytes.Clone(x.b)); got != x.want {
			t.Errorf("%s: got %d, want %d", name, got, x.want)
		}
	}
}

// FuzzRecords feeds an association. Nothing may be believed that was not sealed with the client's key.
func FuzzRecords(f *testing.F) {
	a := &association{clientKey: [16]byte{1}, serverKey: [16]byte{2}, clientIV: [4]byte{3}, serverIV: [4]byte{4}}
	end := clientRecord(f, a, 7, &alert.Alert{Level: alert.Warning, Description: alert.CloseNotify})
	finished := clientRecord(f, a, 1, &handshake.Handshake{Message: &handshake.MessageFinished{VerifyData: make([]byte, 12)}})
	f.Add(end)
	f.Add(finished)
	f.Add(append(bytes.Clone(finished), end...))
	f.Add([]byte{recordAlert, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0})
	f.Add([]byte{recordAlert, 254, 253, 0, 1, 0, 0, 0, 0, 0, 9, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		said := a.hear(bytes.Clone(b))
		if said == wishEnd && !bytes.Contains(b, end) || said == wishFlight && !bytes.Contains(b, finished) {
			t.Fatalf("%x was believed", b)
		}
	})
}

func TestTheGoodbyeIsANewRecord(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	cert := testCertificate(t)
	b := newBare(t, w, cert)
	defer b.close()
	seen := map[uint64]bool{} // numbers of encrypted records
	b.in = func(p []byte) [][]byte {
		for r := p; len(r) >= recordHeader; r = r[recordHeader+int(binary.BigEndian.Uint16(r[11:])):] {
			if binary.BigEndian.Uint16(r[3:]) == 1 {
				seen[binary.BigEndian.Uint64(r[3:])] = true
			}
		}
		return [][]byte{p}
	}
	if err := b.shake(cert); err != nil {
		t.Fatal(err)
	}
	connected(t, b.v)
	w.rtc.mu.Lock()
	a := b.v.dtls
	w.rtc.mu.Unlock()
	b.mu.Lock()
	if len(seen) == 0 || seen[1<<48|a.next] {
		t.Errorf("record %d is to be the goodbye, %v have been sent", a.next, seen)
	}
	b.mu.Unlock()
	b.v.Close(errors.New("enough"))
	var buf [100]byte
	if _, err := b.dtls.Read(buf[:]); err == nil {
		t.Error("the client was told no goodbye")
	}
}
