package library

import "net/http"

// Channels is where channels come from.
type Channels interface{}

func (s *Server) channel(http.ResponseWriter, *http.Request)     {}
func (s *Server) channelFile(http.ResponseWriter, *http.Request) {}
