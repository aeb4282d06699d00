package files

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/internal/site"
)

// stored is the answer to who brought a file.
type stored struct {
	ID       string    `json:"id"`
	URL      string    `json:"url"`
	Name     string    `json:"name"`
	Kind     string    `json:"kind"`
	Size     int64     `json:"size"`
	Width    int       `json:"width,omitempty"`
	Height   int       `json:"height,omitempty"`
	Alt      string    `json:"alt,omitempty"`
	Variants []variant `json:"variants,omitempty"`
}

type variant struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Bounds of what stands around a file in a form.
const (
	maxFields  = 10
	maxField   = 4 << 10
	formAround = 64 << 10
)

func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	default:
		s.fail(w, r, fmt.Errorf("take a file: %w", errs.TooMany))
		return
	}
	u := files.Upload{Size: -1, Name: r.URL.Query().Get("name"), Alt: r.URL.Query().Get("alt"), Remote: s.cfg.Remote(r)}
	at := r.URL.Query().Get("site")
	form := isForm(r)
	announced := r.ContentLength
	if form {
		announced -= formAround
	}
	if at != "" && !s.admit(w, r, at, u.Name, announced) {
		return
	}
	r.Body = http.MaxBytesReader(w, &patient{r.Body, http.NewResponseController(w)}, maxBody)
	u.Body = r.Body
	var err error
	if form {
		err = readForm(r, &u, &at)
	} else {
		u.Size = r.ContentLength
	}
	if err == nil {
		u.Site, err = siteOf(at)
	}
	var f files.File
	var pieces []string
	if err == nil {
		f, pieces, err = s.cfg.Service.Bring(r.Context(), s.cfg.Kit.Visitor(r).Who, u)
	}
	if err != nil {
		s.fail(w, r, tellSize(err))
		return
	}
	out := stored{ID: f.ID, Name: f.Name, Kind: string(f.Kind), Size: f.Size, Width: f.Width, Height: f.Height, Alt: f.Alt, URL: files.Address(f.ID, f.Name)}
	if f.Kind == files.Picture {
		out.URL = files.Shown(f.ID, pieces)
		for _, p := range pieces {
			out.Variants = append(out.Variants, variant{p, files.Address(f.ID, p)})
		}
	}
	s.answer(w, r, http.StatusCreated, out)
}

// ask answers 204 where a file of this name and size would be taken, else what POST would say. A browser that is
// sending does not hear a refusal: it is still sending when the connection is closed.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, err := strconv.ParseInt(q.Get("size"), 10, 64)
	if err != nil {
		s.fail(w, r, errs.Problems{{Field: "size", Code: files.CodeMissing}})
		return
	}
	if s.admit(w, r, q.Get("site"), q.Get("name"), size) {
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNoContent)
	}
}

// maxBody is more than any limit of files: a body that never ends does.
const maxBody = 4 << 30

// admit refuses before the body is read who may not bring files, and what is announced as larger than any may be.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, at, name string, announced int64) bool {
	id, err := siteOf(at)
	var limits files.Limits
	if err == nil {
		limits, err = s.cfg.Service.Admit(r.Context(), s.cfg.Kit.Visitor(r).Who, id)
	}
	if err != nil {
		s.fail(w, r, err)
		return false
	}
	if most := limits.Of(name); announced > most {
		s.fail(w, r, files.TooLarge(most))
		return false
	}
	return true
}

func siteOf(text string) (site.ID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errs.Problems{{Field: "site", Code: files.CodeMissing}}
	}
	return site.ID(id), nil
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

// readForm reads a form up to its file, which is left to be read.
func readForm(r *http.Request, u *files.Upload, at *string) error {
	form, err := r.MultipartReader()
	if err != nil {
		return errs.Problems{{Field: "file", Code: files.CodeMissing}}
	}
	for range maxFields {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return formError(err)
		}
		name := part.FormName()
		if name == "file" && part.FileName() != "" {
			u.Body, u.Name = part, part.FileName()
			return nil
		}
		value, err := io.ReadAll(io.LimitReader(part, maxField))
		if err != nil {
			return formError(err)
		}
		switch name {
		case "site":
			*at = string(value)
		case "alt":
			u.Alt = string(value)
		}
	}
	return errs.Problems{{Field: "file", Code: files.CodeMissing}}
}

// formError keeps a form that can't be read apart from a visitor who left.
func formError(err error) error {
	var large *http.MaxBytesError
	var late interface{ Timeout() bool }
	if errors.As(err, &large) || errors.As(err, &late) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read a form: %w", err)
	}
	return errs.Problems{{Field: "file", Code: files.CodeMissing}}
}

// tellSize names the kind of what the server refused to go on reading.
func tellSize(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return files.TooLarge(large.Limit)
	}
	return err
}

// patient gives each piece of a body its time: large files come over slow lines.
type patient struct {
	io.ReadCloser
	conn *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	until := time.Now().Add(patience)
	p.conn.SetReadDeadline(until)  //nolint:errcheck // then the server's own holds
	p.conn.SetWriteDeadline(until) //nolint:errcheck // the answer comes when the last piece was read
	return p.ReadCloser.Read(b)
}
