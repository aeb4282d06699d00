package signin

import (
	"sync"
	"time"
)

// once knows what was used, for as long as it would be good.
type once struct {
	mu   sync.Mutex // guards used
	used map[string]time.Time
}

// onceMost is how many are known. Full: nobody gets through until some are over; to fill it takes as many good
// seals as there are answers, each of them paid for at the rate of its address.
const onceMost = 1 << 16

// first reports whether name is used for the first time, and notes that it is used.
func (o *once) first(name string, now time.Time, lasts time.Duration) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if until, ok := o.used[name]; ok && now.Before(until) {
		return false
	}
	if len(o.used) >= onceMost {
		for n, until := range o.used {
			if !now.Before(until) {
				delete(o.used, n)
			}
		}
		if len(o.used) >= onceMost {
			return false
		}
	}
	if o.used == nil {
		o.used = map[string]time.Time{}
	}
	o.used[name] = now.Add(lasts)
	return true
}
