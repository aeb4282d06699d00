package admin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/roster"
	"xianfeng/internal/site"
	"xianfeng/web/portal/themes"
)

const (
	maxUpload = 64 << 20
	jobLasts  = time.Hour // how long its report can be read
	jobLimit  = 10 * time.Minute
)

// imports are the imports of this process: at most one is under way, and what came of the last ones.
type imports struct {
	mu   sync.Mutex // guards jobs, busy
	jobs map[string]*job
	busy bool
	wg   sync.WaitGroup
}

// job is one import. Its fields are behind imports.mu.
type job struct {
	ID      string
	File    string
	By      site.AccountID
	At      *site.Node
	Step    roster.Step
	Done    int
	Of      int
	Ended   bool
	Dry     bool
	Refused bool // bad lines hold up all
	Report  roster.Report
	Failure string
	began   time.Time
}

type importPage struct {
	shell
	Job *job // nil: the form
	Bad []badLine
	On  []badLine // notices
}

type badLine struct {
	Number     int
	Code, Text string
}

func (s *Server) importForm(w http.ResponseWriter, r *http.Request, v *visit) {
	s.show(w, r, "import", importPage{shell: s.shell(r, v, "children", v.t.ImportTitle)})
}

// importFile reads a list and starts its import, which goes on when the browser leaves.
func (s *Server) importFile(w http.ResponseWriter, r *http.Request, v *visit) {
	wrong := func(said string) {
		p := importPage{shell: s.shell(r, v, "children", v.t.ImportTitle)}
		p.Problems = []string{said}
		s.showWrong(w, r, "import", p)
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	file, head, err := r.FormFile("file")
	if large := new(http.MaxBytesError); errors.As(err, &large) {
		wrong(v.t.ImportTooLarge)
		return
	}
	if err != nil {
		wrong(v.t.ImportNoFile)
		return
	}
	defer file.Close() //nolint:errcheck // it was only read
	list, err := roster.Read(file)
	if err != nil {
		wrong(v.t.importProblem(err, v.lang))
		return
	}
	j := &job{ID: rand.Text(), File: head.Filename, By: v.Who.Account, At: v.at, Of: list.Rows(), Dry: r.PostFormValue("dry") != "", began: s.cfg.Now()}
	o := roster.Options{SkipBad: r.PostFormValue("skip") != "", By: v.Who.Account, Remote: v.by.Remote, Source: head.Filename}
	who := v.Who
	o.May = func(id site.ID) bool {
		t := s.cfg.Network.Tree()
		n := t.Get(id)
		return n != nil && n.Under(t.Get(j.At.ID)) && t.May(who, site.ManageTree, site.Object{Site: id})
	}
	o.Theme = func(name string) bool {
		_, ok := themes.Find(name)
		return ok
	}
	o.Progress = func(step roster.Step, done, of int) {
		s.jobs.mu.Lock()
		defer s.jobs.mu.Unlock()
		j.Step, j.Done, j.Of = step, done, of
	}
	if !s.jobs.start(j) {
		wrong(v.t.ImportBusy)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), jobLimit)
	// The import belongs to the server: it ends by itself or with jobLimit, and Close waits for it.
	s.jobs.wg.Go(func() {
		defer cancel()
		s.runImport(ctx, j, list, o)
	})
	http.Redirect(w, r, "/admin/imports/"+j.ID, http.StatusSeeOther)
}

func (s *Server) runImport(ctx context.Context, j *job, list *roster.List, o roster.Options) {
	var report roster.Report
	var err error
	if j.Dry {
		_, report = list.Plan(s.cfg.Network.Tree(), o)
	} else {
		report, err = roster.Import(ctx, s.cfg.Network, list, o)
	}
	s.jobs.mu.Lock()
	defer s.jobs.mu.Unlock()
	j.Report, j.Ended, s.jobs.busy = report, true, false
	switch {
	case err == nil:
	case errors.Is(err, errs.Invalid): // the report says why
		j.Refused = true
	default:
		s.cfg.Debug.Warn("import sites", "file", o.Source, "error", err)
		j.Failure = fmt.Sprint(err)
	}
}

// start takes a job in, unless one is under way. It forgets old ones.
func (i *imports) start(j *job) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy {
		return false
	}
	for id, old := range i.jobs {
		if j.began.Sub(old.began) > jobLasts {
			delete(i.jobs, id)
		}
	}
	if i.jobs == nil {
		i.jobs = map[string]*job{}
	}
	i.jobs[j.ID], i.busy = j, true
	return true
}

// Close waits for an import that is under way: it is whole or nothing, and short.
func (s *Server) Close() { s.jobs.wg.Wait() }

// importState shows how far an import is, and what came of it. Only who started it sees it.
func (s *Server) importState(w http.ResponseWriter, r *http.Request, v *visit) {
	s.jobs.mu.Lock()
	j := s.jobs.jobs[r.PathValue("job")]
	var now job
	if j != nil {
		now = *j
	}
	s.jobs.mu.Unlock()
	if j == nil || now.By != v.Who.Account {
		s.kit.Fail(w, r, errs.NotFound)
		return
	}
	v.at = v.tree.Get(now.At.ID)
	p := importPage{shell: s.shell(r, v, "children", v.t.ImportTitle), Job: &now}
	said := func(lines []roster.Line) (out []badLine) {
		for i, l := range lines {
			if i == 500 {
				break
			}
			out = append(out, badLine{l.Number, l.Code, l.Text(v.chinese())})
		}
		return out
	}
	p.Bad, p.On = said(now.Report.Bad), said(now.Report.Notices)
	if !now.Ended {
		w.Header().Set("Refresh", "1") // works without script
	}
	s.show(w, r, "import", p)
}
