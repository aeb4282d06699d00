package rtc

import (
	"bytes"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"xianfeng/media/datagram"
)

// testKeys are what both sides of a handshake export.
func testKeys(t testing.TB, profile dtls.SRTPProtectionProfile) (*keys, *srtp.Context) {
	t.Helper()
	var m []byte
	k, err := newKeys(profile, func(_ string, _ []byte, n int) ([]byte, error) {
		m = make([]byte, n)
		for i := range m {
			m[i] = byte(7 * i)
		}
		return m, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	saltLen, err := srtp.ProtectionProfile(profile).SaltLen()
	if err != nil {
		t.Fatal(err)
	}
	remote, err := srtp.CreateContext(m[16:32], m[32+saltLen:32+2*saltLen], srtp.ProtectionProfile(profile))
	if err != nil {
		t.Fatal(err)
	}
	return k, remote
}

func TestPionOpensWhatWeSeal(t *testing.T) {
	for _, profile := range []dtls.SRTPProtectionProfile{dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80} {
		k, remote := testKeys(t, profile)
		var nonce [12]byte
		payload := bytes.Repeat([]byte("media"), 200)
		for index := uint64(0xff00); index < 0x20100; index++ { // over two rollovers
			dst := make([]byte, headerSize+len(payload)+maxTag)
			header(dst, 96, index%3 == 0, index, uint32(index)*90, 0x11223344)
			n, err := k.seal.seal(dst, headerSize, payload, index, 0x11223344, &nonce)
			if err != nil {
				t.Fatal(err)
			}
			plain, err := remote.DecryptRTP(nil, dst[:n], nil)
			if err != nil {
				t.Fatalf("%v, index %#x: %v", profile, index, err)
			}
			var p rtp.Packet
			if err := p.Unmarshal(plain); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(p.Payload, payload) || p.SequenceNumber != uint16(index) || p.Marker != (index%3 == 0) {
				t.Fatalf("%v, index %#x: got %v", profile, index, p.Header)
			}
		}
	}
}

func TestSealDoesNotAllocate(t *testing.T) {
	k, _ := testKeys(t, dtls.SRTP_AEAD_AES_128_GCM)
	b := datagram.NewDiscard()
	to := &datagram.Peer{}
	w := &worker{batch: b}
	v := &Viewer{}
	l := &lane{pt: 96, ssrc: 1}
	p := &pkt{payload: make([]byte, maxPayload), ts: 90}
	var index uint64
	if n := testing.AllocsPerRun(10000, func() {
		w.put(v, to, k, l, p, index, p.ts)
		index++
	}); n != 0 {
		t.Errorf("got %v allocations for each packet, want 0", n)
	}
}

func BenchmarkSealIntoBatch(b *testing.B) {
	k, _ := testKeys(b, dtls.SRTP_AEAD_AES_128_GCM)
	w := &worker{batch: datagram.NewDiscard()}
	to, v, l, p := &datagram.Peer{}, &Viewer{}, &lane{pt: 96, ssrc: 1}, &pkt{payload: make([]byte, maxPayload)}
	b.SetBytes(maxPayload)
	b.ReportAllocs()
	var index uint64
	for b.Loop() {
		w.put(v, to, k, l, p, index, 1)
		index++
	}
}
