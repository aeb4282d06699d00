package admin

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
	"xianfeng/internal/files"
	"xianfeng/web/kit"
)

// readAttachments reads one attachment of each line "/files/KEY/NAME words". Name and size are those of the file
// that was brought, whatever the words say. A form without the field leaves the attachments as they are.
func (s *Server) readAttachments(r *http.Request, known []content.Attachment, h *content.Head, p *errs.Problems) error {
	if !r.PostForm.Has("files") || s.cfg.Files == nil {
		return nil
	}
	h.Files = nil
	for l := range strings.Lines(r.PostFormValue("files")) {
		address, _, _ := strings.Cut(strings.TrimSpace(l), " ")
		if address == "" {
			continue
		}
		if len(h.Files) > content.MaxFiles {
			break // the desk says that they are too many
		}
		m := fileAddress.FindStringSubmatch(address)
		if m == nil {
			p.Add("files", "bad", address)
			continue
		}
		a, err := s.attachment(r, known, m[1])
		switch {
		case errors.Is(err, errs.NotFound):
			p.Add("files", "bad", address)
		case err != nil:
			return err
		case !holds(h.Files, a.File):
			h.Files = append(h.Files, a)
		}
	}
	return nil
}

// attachment finds the file with a key: in the article as it was, else among all that were brought.
func (s *Server) attachment(r *http.Request, known []content.Attachment, key string) (content.Attachment, error) {
	for _, k := range known {
		if k.File == key {
			return k, nil
		}
	}
	f, err := s.cfg.Files.File(r.Context(), key)
	if err != nil {
		return content.Attachment{}, err //nolint:wrapcheck // it names the file
	}
	if f.Kind != files.Attachment {
		return content.Attachment{}, errs.NotFound
	}
	return content.Attachment{File: f.ID, Name: f.Name, Size: f.Size}, nil
}

func holds(list []content.Attachment, key string) bool {
	for i := range list {
		if list[i].File == key {
			return true
		}
	}
	return false
}

// attachmentLines is what readAttachments reads. The name stands there once more for who has no script.
func attachmentLines(list []content.Attachment) string {
	lines := make([]string, len(list))
	for i, a := range list {
		lines[i] = "/files/" + a.File + "/" + url.PathEscape(a.Name) + " " + a.Name
		if a.Size > 0 {
			lines[i] += " · " + kit.Size(a.Size)
		}
	}
	return strings.Join(lines, "\n")
}
