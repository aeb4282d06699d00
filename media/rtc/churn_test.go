package rtc

import (
	"runtime"
	"sync"
	"testing"
)

// What 50 viewers leave behind is nothing, four times over.
func TestViewersLeaveNothingBehind(t *testing.T) {
	w := newWorld(t, Config{})
	w.show(true, 500)
	cert := testCertificate(t)
	const n = 50
	come := func(polite bool) {
		all := make([]*bare, n)
		var wg sync.WaitGroup
		errs := make([]error, n)
		for i := range all {
			b := newBare(t, w, cert)
			all[i] = b
			wg.Add(1)
			// Ends with the handshake.
			go func() {
				defer wg.Done()
				errs[i] = b.shake(cert)
			}()
		}
		wg.Wait()
		for i, b := range all {
			if errs[i] != nil {
				t.Fatalf("handshake: %v", errs[i])
			}
			connected(t, b.v)
		}
		w.show(false, 500)
		for _, b := range all {
			eventually(t, "media", func() bool { return b.v.session.Sent.Load() > 0 })
		}
		for _, b := range all {
			if !polite {
				b.v.Close(errSilent)
			}
			b.close()
		}
		for _, b := range all {
			<-b.v.Done()
		}
	}
	state := func() (goroutines int, heap uint64) {
		eventually(t, "all is let go", func() bool {
			w.rtc.mu.Lock()
			defer w.rtc.mu.Unlock()
			return len(w.rtc.byAddr)+len(w.rtc.byUfrag)+len(w.rtc.groups)+w.rtc.waiting+len(w.rtc.waitingOf) == 0
		})
		var m runtime.MemStats
		for range 3 { // what pools keep goes with the second
			runtime.GC()
		}
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	come(true) // what is made once
	before, heap := state()
	for i := range 4 {
		come(i%2 == 0)
	}
	eventually(t, "the goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	_, after := state()
	if after > heap+heap/20 {
		t.Errorf("the heap grew from %d to %d bytes", heap, after)
	}
	t.Logf("heap: %d, then %d", heap, after)
}
