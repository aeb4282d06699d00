package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"xianfeng/signaling/beacon"
	"xianfeng/signaling/broadcast"
)

// startBeacons has viewers report how broadcasts reach them.
func (s *server) startBeacons() {
	n := s.network
	s.beacons = beacon.New(beacon.Config{
		Find: func(text string) (beacon.Subject, bool) {
			id, ok := broadcast.ParseID(text)
			if !ok {
				return beacon.Subject{}, false
			}
			b, ok := n.air.Current(id)
			return beacon.Subject{ID: id.String(), Title: b.Title, Site: b.Site}, ok && b.State == broadcast.OnAir
		},
		Tree: n.sites.Tree, Touch: s.sockets.Touch,
	})
	s.sockets.Provide(beacon.Prefix, s.beacons)
	s.sockets.Report("beacon", s.beacons.Command)
	s.run("beacons", s.beacons.Run)
	s.run("broadcasts", (&broadcast.Schedule{Programme: n.air, Log: s.log, Beacons: beacons{s.beacons}}).Run)
}

// beacons tells the schedule of broadcasts how their viewers do.
type beacons struct{ book *beacon.Book }

// Late implements broadcast.Beacons.
func (b beacons) Late(id broadcast.ID) (late, all int) {
	return b.book.Late(id.String(), 30*time.Second)
}

// shownBroadcasts bounds how many broadcasts there are figures of at once: their numbers are labels.
const shownBroadcasts = 16

// beaconFigures are what viewers report, for Prometheus.
type beaconFigures struct{ book *beacon.Book }

func (beaconFigures) desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("xianfeng_"+name, help, labels, nil)
}

// Describe implements prometheus.Collector: what there is depends on the broadcasts.
func (beaconFigures) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (f beaconFigures) Collect(out chan<- prometheus.Metric) {
	reports := f.desc("beacons_total", "Reports of viewers.", "transport")
	late := f.desc("beacons_late_total", "Reports of viewers that could not keep up.", "transport")
	stalls := f.desc("beacon_stalls_total", "Stalls that viewers reported.", "transport")
	sync := f.desc("sync_error_milliseconds", "How far from the programme's time viewers show it, whatever the sign.", "transport")
	for i, t := range f.book.Totals() {
		via := beacon.Vias[i]
		count := func(d *prometheus.Desc, n uint64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), via)
		}
		count(reports, t.Reports)
		count(late, t.Late)
		count(stalls, t.Stalls)
		buckets := map[float64]uint64{}
		for _, e := range beacon.Edges {
			if e > 0 {
				buckets[e] = t.Within(e)
			}
		}
		out <- prometheus.MustNewConstHistogram(sync, t.Known, t.SumAbs, buckets, via)
	}
	viewers := f.desc("broadcast_viewers", "Viewers who reported in the last two minutes, of the broadcasts with the newest reports.", "broadcast")
	share := f.desc("broadcast_late_ratio", "How many of them are late.", "broadcast")
	p95 := f.desc("broadcast_sync_error_p95_milliseconds", "What their error does not exceed in 95 %.", "broadcast")
	gauge := func(d *prometheus.Desc, v float64, id string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, id)
	}
	for i, b := range f.book.List() {
		if i >= shownBroadcasts {
			break
		}
		x, err := f.book.Whole(b.ID)
		if err != nil || x.Now.Reports == 0 {
			continue
		}
		gauge(viewers, float64(x.Now.Reports), b.ID)
		gauge(share, float64(x.Now.Late)/float64(x.Now.Reports), b.ID)
		if x.P95 != nil {
			gauge(p95, *x.P95, b.ID)
		}
	}
}
