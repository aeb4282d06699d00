package beacon

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type stand struct {
	*Book
	t    *testing.T
	tree *site.Tree
	now  time.Time
}

// newStand has province 51, city 5101 with county 510101, and city 5102. Broadcast 1 is the province's, 2 that of 5101.
func newStand(t *testing.T) *stand {
	t.Helper()
	tree, err := site.NewTree([]site.Site{
		{ID: 1, Code: "51", Level: site.Province, Name: "省"},
		{ID: 2, Parent: 1, Code: "5101", Level: site.City, Name: "市"},
		{ID: 3, Parent: 1, Code: "5102", Level: site.City, Name: "另一市"},
		{ID: 4, Parent: 2, Code: "510101", Level: site.County, Name: "县"},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := &stand{t: t, tree: tree, now: time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)}
	x.Book = New(Config{
		Find: func(id string) (Subject, bool) {
			s, ok := map[string]Subject{"1": {"1", "省播", 1}, "2": {"2", "市播", 2}}[id]
			return s, ok
		},
		Tree: func() *site.Tree { return x.tree }, Now: func() time.Time { return x.now },
	})
	return x
}

// report is a report of a visitor who comes from an address of their own.
func (x *stand) report(who int, body string) error {
	x.t.Helper()
	remote := netip.AddrFrom4([4]byte{10, byte(who >> 16), byte(who >> 8), byte(who)})
	return x.reportFrom(remote, who, body)
}

func (x *stand) reportFrom(a netip.Addr, who int, body string) error {
	x.t.Helper()
	_, err := x.Command(x.t.Context(), &signaling.Visitor{ID: fmt.Sprint(who), Remote: netip.PrefixFrom(a, 32)}, json.RawMessage(body))
	return err
}

func (x *stand) view(id, code string) View {
	x.t.Helper()
	n, _ := x.tree.ByCode(code)
	v, err := x.View(id, n)
	if err != nil {
		x.t.Fatal(err)
	}
	return v
}

func TestForgedValuesAreClamped(t *testing.T) {
	for body, want := range map[string]Report{
		`{}`: {Via: OtherVia, Error: math.NaN()},
		`{"broadcast":7,"via":"whep","error":-3.5,"stalls":2,"late":true,"rendition":"720p"}`: {Broadcast: "7", Via: WHEP, Error: -3.5, Stalls: 2, Late: true, Rendition: "720p"},
		`{"broadcast":"7","error":1e300,"stalls":1e300,"late":1,"via":"carrier pigeon"}`:      {Broadcast: "7", Via: OtherVia, Error: maxError, Stalls: maxStalls, Late: true},
		`{"error":-1e9,"stalls":-5,"late":-1}`:                                                {Via: OtherVia, Error: -maxError},
		`{"error":"NaN","stalls":"NaN","late":"NaN"}`:                                         {Via: OtherVia, Error: math.NaN()},
		`{"error":"Inf","rendition":"<script>alert(1)</script> and very long indeed"}`:        {Via: OtherVia, Error: math.NaN(), Rendition: "scriptalert1"},
		`{"error":null,"late":0.2,"via":"hls"}`:                                               {Via: HLS, Error: math.NaN()},
	} {
		got, err := Parse([]byte(body))
		if math.IsNaN(got.Error) && math.IsNaN(want.Error) {
			got.Error, want.Error = 0, 0
		}
		if len(want.Rendition) == 12 && len(got.Rendition) > 12 {
			got.Rendition = got.Rendition[:12]
		}
		if err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", body, got, err, want)
		}
	}
	for _, body := range []string{``, `null x`, `[]`, `{"error":{}}`, `{"via":["whep"]}`, `"x"`} {
		if _, err := Parse([]byte(body)); !errors.Is(err, errs.Invalid) {
			t.Errorf("%s: got %v, want invalid", body, err)
		}
	}
}

func TestVisitorCountsOncePerInterval(t *testing.T) {
	x := newStand(t)
	for range 50 {
		if err := x.report(1, `{"broadcast":1,"via":"hls","error":5,"late":true,"stalls":20}`); err != nil {
			t.Fatal(err)
		}
	}
	if v := x.view("1", "51"); v.Total.Reports != 1 || v.Total.Stalls != 20 || v.Now.Reports != 1 {
		t.Errorf("got %+v, want one report", v)
	}
	x.now = x.now.Add(every)
	if err := x.report(1, `{"broadcast":1,"via":"whep","error":-200}`); err != nil {
		t.Fatal(err)
	}
	v := x.view("1", "51")
	if v.Total.Reports != 2 || v.Now.Reports != 1 || v.Now.Late != 0 || v.Now.Via[WHEP] != 1 || v.Now.Errors[bar(-200)] != 1 || v.Total.Errors[bar(5)] != 1 {
		t.Errorf("got %+v, want both in total and the last one now", v)
	}
}

func TestSitesCountTheirSubtrees(t *testing.T) {
	x := newStand(t)
	for who, code := range []string{"51", "5101", "510101", "510101", "5102", "nonsense", ""} {
		if err := x.report(who, fmt.Sprintf(`{"broadcast":1,"site":%q,"via":"hls","error":%d}`, code, who)); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.report(20, `{"broadcast":2,"site":"5102","via":"hls"}`); err != nil { // is not shown there
		t.Fatal(err)
	}
	for code, want := range map[string]uint64{"51": 7, "5101": 3, "510101": 2, "5102": 1} {
		if v := x.view("1", code); v.Now.Reports != want || v.Total.Reports != want {
			t.Errorf("%s: got %d now and %d in total, want %d", code, v.Now.Reports, v.Total.Reports, want)
		}
	}
	if v := x.view("2", "5102"); v.Total.Reports != 0 {
		t.Errorf("a broadcast is counted where it is not shown: %+v", v)
	}
	var rows []string
	top, _ := x.tree.ByCode("51")
	if err := x.Each("1", top, func(n *site.Node, f Figures) error {
		code := "-"
		if n != nil {
			code = n.Code
		}
		rows = append(rows, fmt.Sprint(code, ":", f.Reports))
		return nil
	}); err != nil || fmt.Sprint(rows) != "[-:2 51:1 5101:1 510101:2 5102:1]" {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestUnknownBroadcastsAreNotCounted(t *testing.T) {
	x := newStand(t)
	for i := range 1000 {
		if err := x.report(i, fmt.Sprintf(`{"broadcast":%d}`, i+100)); !errors.Is(err, errs.NotFound) {
			t.Fatalf("got %v, want not found", err)
		}
	}
	if n := len(x.List()); n != 0 {
		t.Errorf("got %d broadcasts", n)
	}
}

func TestLateShareIsNotForOneAddressToMake(t *testing.T) {
	x := newStand(t)
	for who := range 400 {
		if err := x.report(who, `{"broadcast":1,"error":1}`); err != nil {
			t.Fatal(err)
		}
	}
	forger := netip.MustParseAddr("192.0.2.1")
	for who := range 1000 {
		if err := x.reportFrom(forger, 10_000+who, `{"broadcast":1,"late":true}`); err != nil {
			t.Fatal(err)
		}
	}
	if late, all := x.Late("1", 30*time.Second); late != 70 || all != 470 { // a twentieth of 1400
		t.Errorf("got %d of %d, want 70 of 470", late, all)
	}
	x.now = x.now.Add(31 * time.Second)
	if late, all := x.Late("1", 30*time.Second); late != 0 || all != 0 {
		t.Errorf("half a minute later: got %d of %d", late, all)
	}
	if late, all := x.Late("none", time.Minute); late != 0 || all != 0 {
		t.Errorf("of no broadcast: got %d of %d", late, all)
	}
}

func TestViewersLeave(t *testing.T) {
	x := newStand(t)
	if err := x.report(1, `{"broadcast":1,"error":1,"rendition":"720p"}`); err != nil {
		t.Fatal(err)
	}
	if tags := x.sweep(); len(tags) != 1 || tags[0] != Tag("1") {
		t.Errorf("after a report: got %v", tags)
	}
	if tags := x.sweep(); len(tags) != 0 {
		t.Errorf("nothing happened: got %v", tags)
	}
	x.now = x.now.Add(recent + time.Second)
	if tags := x.sweep(); len(tags) != 1 {
		t.Errorf("after everybody left: got %v", tags)
	}
	if v := x.view("1", "51"); v.Now.Reports != 0 || v.P50 != nil || v.Total.Reports != 1 || len(v.Renditions) != 0 {
		t.Errorf("got %+v", v)
	}
}

func TestRenditionsAreBounded(t *testing.T) {
	x := newStand(t)
	for who := range 100 {
		if err := x.report(who, fmt.Sprintf(`{"broadcast":1,"rendition":"r%d"}`, who)); err != nil {
			t.Fatal(err)
		}
	}
	v := x.view("1", "51")
	if len(v.Renditions) != maxNames+1 || v.Renditions[0] != (Share{otherName, 100 - maxNames}) {
		t.Errorf("got %+v", v.Renditions)
	}
}

func TestTheBusierTheLessOften(t *testing.T) {
	x := newStand(t)
	var next time.Duration
	for who := range 4000 {
		var err error
		if next, err = x.Report(&signaling.Visitor{ID: fmt.Sprint(who)}, Report{Broadcast: "1", Error: math.NaN()}); err != nil {
			t.Fatal(err)
		}
	}
	if next < 19*time.Second || next > 21*time.Second {
		t.Errorf("4000 viewers: next report after %v, want 20 s", next)
	}
}

func TestFiguresAreForThoseWhoMayReadThem(t *testing.T) {
	x := newStand(t)
	who := func(g ...site.Grant) *signaling.Visitor {
		return &signaling.Visitor{Account: signaling.Account{Who: site.Who{Account: 9, Grants: g}}}
	}
	city := who(site.Grant{Role: site.Viewer, Site: 2})
	for topic, want := range map[string]error{
		"beacons:1:5101": nil, "beacons:1:510101": nil, "beacons:2": nil,
		"beacons:1": errs.Denied, "beacons:1:51": errs.Denied, "beacons:1:5102": errs.Denied, "beacons:9": errs.NotFound, "beacons:1:99": errs.NotFound,
	} {
		if tags, err := x.Open(t.Context(), city, topic); !errors.Is(err, want) || err == nil && (len(tags) != 1 || tags[0][:8] != "beacons:") {
			t.Errorf("%s: got %v, %v, want %v", topic, tags, err, want)
		}
	}
	if _, err := x.Open(t.Context(), who(), "beacons:1:5101"); !errors.Is(err, errs.Denied) {
		t.Errorf("a visitor: got %v", err)
	}
	body, _, err := x.Value(t.Context(), "beacons:2", 0)
	var v View
	if err != nil || json.Unmarshal(body, &v) != nil || len(v.Now.Errors) != Bars {
		t.Errorf("before the first report: got %s, %v", body, err)
	}
}

func TestWithin(t *testing.T) {
	var f Figures
	for _, e := range []float64{-2000, -1000, -90, -30, -8, -3, 0, 7.9, 8, 39, 99, 5000} {
		f.add(&Report{Error: e})
	}
	for ms, want := range map[float64]uint64{8: 4, 20: 5, 40: 7, 100: 9, 1000: 10} {
		if got := f.Within(ms); got != want {
			t.Errorf("±%v: got %d, want %d", ms, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{}`, `{"broadcast":"1","stream":"hall","via":"whep","error":-3.25,"stalls":1,"late":false,"rendition":"720p"}`, `{"error":"1e999"}`, `{"late":[]}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			return
		}
		if math.Abs(r.Error) > maxError || r.Stalls < 0 || r.Stalls > maxStalls || len(r.Rendition) > maxName || len(r.Broadcast) > maxID || r.Via > OtherVia {
			t.Errorf("%s: got %+v", b, r)
		}
	})
}
