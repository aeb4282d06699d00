package admin

import (
	"net/http"
	"time"

	"xianfeng/internal/site"
)

// patience is how long a browser that takes a backup may take none of it.
const patience = time.Minute

// mayBackup reports whether backups are offered. Each is a line of the log, so it takes the log as well.
func (s *Server) mayBackup() bool { return s.cfg.Backup != nil && s.cfg.Log != nil }

// over reports whether somebody may do act on the whole network: on every site at the top but those of partners.
func (v *visit) over(act site.Action) bool {
	some := false
	for _, top := range v.tree.Tops() {
		if top.Level == site.Partner {
			continue
		}
		if !v.may(act, top) {
			return false
		}
		some = true
	}
	return some
}

// takesBackups is for who looks after the machines, or is administrator, of the whole network: a backup has
// everything in it.
func (v *visit) takesBackups() bool { return v.over(site.OperateMachine) || v.over(site.ManagePeople) }

// backup sends everything that is kept, as it is read. The log says so before: a download that is cut off was one.
func (s *Server) backup(w http.ResponseWriter, r *http.Request, v *visit) {
	if !v.takesBackups() {
		s.deny(w, r, http.StatusForbidden)
		return
	}
	if err := s.cfg.Log.Note(r.Context(), s.entry(v, "backup", "network", v.at.ID)); err != nil {
		s.kit.Fail(w, r, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/gzip")
	h.Set("Content-Disposition", `attachment; filename="xianfeng-`+s.moment(s.cfg.Now(), "20060102-1504")+`.tar.gz"`)
	if err := s.cfg.Backup.Backup(r.Context(), patient{w, http.NewResponseController(w)}); err != nil {
		s.cfg.Debug.Error("backup", "error", err)
		panic(http.ErrAbortHandler) // a backup that is cut off must not look whole
	}
}

// patient gives a long answer time as long as the browser takes some of it.
type patient struct {
	w http.ResponseWriter
	c *http.ResponseController
}

func (p patient) Write(b []byte) (int, error) {
	p.c.SetWriteDeadline(time.Now().Add(patience)) //nolint:errcheck // where it can't be set there is none
	return p.w.Write(b)                            //nolint:wrapcheck // a writer's error is the writer's
}
