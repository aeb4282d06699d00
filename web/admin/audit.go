package admin

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"xianfeng/internal/site"
)

const auditPage = 100

type auditPageData struct {
	shell
	List       []logged
	Action     string
	Actions    []string
	Older      string
	Checked    int64 // lines of a chain that holds; 0: not asked
	Broken     string
	MayOperate bool
}

type logged struct {
	site.Entry
	Who, Where string
}

var auditActions = []string{"account", "article", "attendance", "audit", "backup", "broadcast", "column", "grant", "links", "password", "session", "signin", "site", "terminal"}

func (s *Server) audit(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.auditData(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	s.show(w, r, "audit", p)
}

func (s *Server) auditData(r *http.Request, v *visit) (auditPageData, error) {
	p := auditPageData{shell: s.shell(r, v, "audit", v.at.Label()+" · "+v.t.NavAudit), Actions: auditActions}
	p.MayOperate = s.mayBackup() && v.takesBackups() && v.at.Above == nil
	q := s.logQuery(r, v)
	p.Action, q.Limit = strings.TrimSuffix(q.Action, "."), auditPage+1
	names := map[site.AccountID]string{}
	err := s.cfg.Log.Audit(r.Context(), q, func(e *site.Entry) error {
		if len(p.List) == auditPage {
			p.Older = "?action=" + p.Action + "&before=" + strconv.FormatInt(p.List[auditPage-1].Seq, 10)
			return nil
		}
		if _, ok := names[e.By]; !ok {
			names[e.By] = s.nameOf(r, v, e.By)
		}
		l := logged{Entry: *e, Who: names[e.By]}
		if n := v.tree.Get(e.Site); n != nil {
			l.Where = n.Label()
		}
		p.List = append(p.List, l)
		return nil
	})
	return p, err
}

// logQuery narrows to the subtree of the page. The whole network's lines, those of no site among them, are for
// who looks after all of it.
func (s *Server) logQuery(r *http.Request, v *visit) LogQuery {
	q := LogQuery{Sites: subtrees(v.tree, []*site.Node{v.at})}
	if action := r.URL.Query().Get("action"); action != "" && len(action) < 40 {
		q.Action = action + "."
	}
	if before, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64); err == nil && before > 0 {
		q.Before = before
	}
	return q
}

// auditCSV exports the lines as a table, with their hashes. That is a line of the log itself.
func (s *Server) auditCSV(w http.ResponseWriter, r *http.Request, v *visit) {
	if err := s.cfg.Log.Note(r.Context(), s.entry(v, "audit.export", "site:"+v.at.Code, v.at.ID)); err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	out := s.csv(w, "audit-"+v.at.Code, "seq", "time", "account", "remote", "site", "action", "object", "detail", "hash")
	err := s.cfg.Log.Audit(r.Context(), s.logQuery(r, v), func(e *site.Entry) error {
		code := ""
		if n := v.tree.Get(e.Site); n != nil {
			code = n.Code
		}
		return out.Write([]string{
			strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(time.RFC3339Nano), strconv.FormatInt(int64(e.By), 10), e.Remote,
			code, e.Action, plainCell(e.Object), plainCell(e.Detail), e.HashText(),
		})
	})
	out.Flush()
	if err != nil {
		s.cfg.Debug.Warn("export the audit log", "error", err)
	}
}

// csv begins a table to take away, with the mark by which spreadsheets know UTF-8.
func (s *Server) csv(w http.ResponseWriter, name string, head ...string) *csv.Writer {
	h := w.Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%s.csv"`, name, s.moment(s.cfg.Now(), "20060102-1504")))
	w.Write([]byte("\ufeff")) //nolint:errcheck // the visitor left
	out := csv.NewWriter(w)
	out.Write(head) //nolint:errcheck // Flush keeps it
	return out
}

// plainCell keeps a spreadsheet from taking what somebody entered for a formula. Some of them take the wide signs
// of Chinese keyboards for one as well, and what comes after spaces.
func plainCell(text string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(text, " \u00a0\u3000\ufeff"))
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + text
	}
	return text
}

// verify checks the chain of the whole log.
func (s *Server) verify(w http.ResponseWriter, r *http.Request, v *visit) {
	p, err := s.auditData(r, v)
	if err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	if p.Checked, err = s.cfg.Log.CheckAudit(r.Context()); err != nil {
		s.cfg.Debug.Error("the audit log does not hold", "error", err)
		p.Broken = fmt.Sprint(err)
	}
	s.show(w, r, "audit", p)
}
