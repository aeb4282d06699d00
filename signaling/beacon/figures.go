package beacon

import "math"

// Edges divide the error in ms into the bars of the histogram, the first of which is below the first edge. The one in
// the middle is what nobody hears.
var Edges = [...]float64{-1000, -400, -100, -40, -20, -8, 8, 20, 40, 100, 400, 1000}

// Bars is how many bars the histogram has.
const Bars = len(Edges) + 1

func bar(ms float64) int {
	for i, e := range Edges {
		if ms < e {
			return i
		}
	}
	return len(Edges)
}

// Figures are sums over reports. All values are in JSON as the console's script reads them.
type Figures struct {
	Reports uint64       `json:"reports"`
	Known   uint64       `json:"known"` // of them: with an error
	Late    uint64       `json:"late"`
	Stalls  uint64       `json:"stalls"`
	Errors  [Bars]uint64 `json:"errors"`
	Via     [vias]uint64 `json:"via"`
}

func (f *Figures) add(r *Report) {
	f.Reports++
	if r.Late {
		f.Late++
	}
	f.Stalls += uint64(r.Stalls) //nolint:gosec // clamped
	f.Via[min(r.Via, OtherVia)]++
	if !math.IsNaN(r.Error) {
		f.Known++
		f.Errors[bar(r.Error)]++
	}
}

func (f *Figures) sum(g *Figures) {
	f.Reports += g.Reports
	f.Known += g.Known
	f.Late += g.Late
	f.Stalls += g.Stalls
	for i, n := range g.Errors {
		f.Errors[i] += n
	}
	for i, n := range g.Via {
		f.Via[i] += n
	}
}

// Within returns how many of the known errors lie within ±ms, which is one of the edges.
func (f *Figures) Within(ms float64) uint64 {
	var n uint64
	for i, count := range f.Errors {
		if i > 0 && i < len(Edges) && Edges[i-1] >= -ms && Edges[i] <= ms {
			n += count
		}
	}
	return n
}
