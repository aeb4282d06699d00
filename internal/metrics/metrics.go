// Package metrics owns what Prometheus sees of the server. Its labels are bounded: protocols, never
// names of streams, addresses or people.
//
// It refuses to keep counts of its own: each scrape asks the hub.
package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"xianfeng/media"
)

// Handler answers scrapes with the figures of hub and of the process, and with more.
func Handler(hub *media.Hub, more ...prometheus.Collector) http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(more...)
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), newCollector(hub))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

type collector struct {
	hub                                               *media.Hub
	streams, readers, sent, lost, came, received, bad *prometheus.Desc
}

func newCollector(hub *media.Hub) *collector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("xianfeng_"+name, help, labels, nil)
	}
	return &collector{
		hub:      hub,
		streams:  d("streams", "Streams alive, by whether somebody publishes now.", "state"),
		readers:  d("readers", "Readers now.", "protocol"),
		sent:     d("sent_bytes_total", "Bytes sent to readers.", "protocol"),
		lost:     d("reader_lost_packets_total", "Packets lost on the way to readers.", "protocol"),
		came:     d("readers_total", "Readers that came.", "protocol"),
		received: d("received_bytes_total", "Bytes of media received from publishers.", "protocol"),
		bad:      d("dropped_samples_total", "Samples of publishers that could not be used."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.streams, c.readers, c.sent, c.lost, c.came, c.received, c.bad} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	live, waiting := 0, 0
	readers := map[string]int{}
	for _, s := range c.hub.Streams() {
		i := s.Info(false)
		if i.Live {
			live++
		} else {
			waiting++
		}
		for protocol, n := range i.Readers {
			readers[protocol] += n
		}
	}
	gauge := func(d *prometheus.Desc, v int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(v), labels...)
	}
	gauge(c.streams, live, "live")
	gauge(c.streams, waiting, "waiting")
	t := c.hub.Totals()
	for protocol := range t.Sessions {
		gauge(c.readers, readers[protocol], protocol)
	}
	count := func(d *prometheus.Desc, by map[string]uint64) {
		for protocol, v := range by {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), protocol)
		}
	}
	count(c.sent, t.Sent)
	count(c.lost, t.Lost)
	count(c.came, t.Sessions)
	count(c.received, t.Received)
	out <- prometheus.MustNewConstMetric(c.bad, prometheus.CounterValue, float64(t.Dropped))
}
