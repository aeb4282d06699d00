package admin

import (
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
	if s.mayBackup() {
		r.Page("POST /admin/s/{code}/backup", s.at(site.EnterConsole, s.backup))
	}
}
