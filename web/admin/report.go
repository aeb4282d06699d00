package admin

import (
	"net/http"

	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

func (s *Server) reportRoutes(r *kit.Router) {
	if s.cfg.Log != nil {
		r.Page("GET /admin/s/{code}/audit", s.at(site.ReadAudit, s.audit))
		r.Page("GET /admin/s/{code}/audit.csv", s.at(site.ReadAudit, s.auditCSV))
		r.Page("POST /admin/s/{code}/audit", s.at(site.ReadAudit, s.verify))
	}
	if s.cfg.Figures != nil {
		r.Page("GET /admin/s/{code}/stats", s.at(site.ReadStats, s.stats))
		r.Page("GET /admin/s/{code}/stats.csv", s.at(site.ReadStats, s.statsCSV))
	}
	if s.cfg.Health != nil {
		r.Page("GET /admin/s/{code}/health", s.at(site.ReadStats, s.health))
	}
	if s.cfg.Backup != nil {
		r.Page("POST /admin/s/{code}/backup", s.at(site.OperateMachine, s.backup))
	}
}

// backup sends everything that is kept. It is for who looks after the machines of the whole network.
func (s *Server) backup(w http.ResponseWriter, r *http.Request, v *visit) {
	for _, top := range v.tree.Tops() {
		if !v.may(site.OperateMachine, top) {
			s.deny(w, r, http.StatusForbidden)
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", "application/gzip")
	h.Set("Content-Disposition", `attachment; filename="xianfeng-`+s.moment(s.cfg.Now(), "20060102-1504")+`.tar.gz"`)
	if err := s.cfg.Backup.Backup(r.Context(), w); err != nil {
		s.cfg.Debug.Error("backup", "error", err)
		panic(http.ErrAbortHandler) // a backup that is cut off must not look whole
	}
}
