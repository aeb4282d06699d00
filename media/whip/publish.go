package whip

import (
	"net/http"
)

func (s *Server) postWHIP(r *http.Request, name string, offer []byte) (*session, []byte, error) {
	return nil, nil, errAnswer
}
