package admin

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"xianfeng/internal/content"
	"xianfeng/internal/errs"
)

// fileAddress is what the address of a stored file looks like.
var fileAddress = regexp.MustCompile(`^/files/([A-Za-z0-9_-]{8,64})/([^/?#\s]{1,200})$`)

// readWriting reads the form of an article. old is the head that it changes: what the form does not have stays.
func (s *Server) readWriting(r *http.Request, old content.Head) (content.Writing, error) {
	var p errs.Problems
	line := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	h := old
	h.Title, h.Summary, h.Source, h.Author = line("title"), line("summary"), line("source"), line("author")
	h.Pictures = nil
	for l := range strings.Lines(r.PostFormValue("pictures")) {
		if strings.TrimSpace(l) == "" {
			continue
		}
		pic, ok := parsePicture(l, old.Pictures)
		if !ok {
			p.Add("pictures", "bad", strings.TrimSpace(l))
			continue
		}
		h.Pictures = append(h.Pictures, pic)
	}
	if err := s.readAttachments(r, old.Files, &h, &p); err != nil {
		return content.Writing{}, err
	}
	h.Cover = nil
	if c := line("cover"); c != "" {
		pic, ok := parsePicture(c, nil)
		if !ok {
			p.Add("cover", "bad", c)
		}
		h.Cover = &pic
	}
	h.Produce = nil
	if r.PostForm.Has("price") || r.PostForm.Has("phone") {
		h.Produce = &content.Offering{Price: line("price"), Unit: line("unit"), Season: line("season"), Seller: line("seller"), Phone: line("phone")}
	}
	until, err := s.readTime(line("until"))
	if err != nil {
		p.Add("until", "bad", line("until"))
	}
	h.Until = until
	version, err := strconv.ParseInt("0"+line("version"), 10, 64)
	if err != nil {
		p.Add("", "version", "")
	}
	return content.Writing{
		Version: version, Slug: line("slug"), Head: h, Format: content.Format(line("format")), Text: r.PostFormValue("text"),
	}, p.Err()
}

// parsePicture reads "/files/KEY/NAME what it shows".
func parsePicture(text string, known []content.Picture) (content.Picture, bool) {
	address, alt, _ := strings.Cut(strings.TrimSpace(text), " ")
	m := fileAddress.FindStringSubmatch(address)
	if m == nil {
		return content.Picture{}, false
	}
	p := content.Picture{File: m[1], Name: m[2]}
	for _, k := range known {
		if k.File == p.File {
			p = k
		}
	}
	p.Alt = strings.TrimSpace(alt)
	return p, true
}

// pictureLine is what parsePicture reads.
func pictureLine(p *content.Picture) string {
	if p == nil {
		return ""
	}
	name := p.Name
	if name == "" {
		name = "picture.jpg"
	}
	return strings.TrimSpace("/files/" + p.File + "/" + name + " " + p.Alt)
}

func pictureLines(ps []content.Picture) string {
	lines := make([]string, len(ps))
	for i := range ps {
		lines[i] = pictureLine(&ps[i])
	}
	return strings.Join(lines, "\n")
}

// readTime reads a moment as <input type="datetime-local"> or type="date" writes it; "" is the zero time.
func (s *Server) readTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", text, s.cfg.Zone)
	if err != nil { // browsers add seconds where there are some
		t, err = time.ParseInLocation("2006-01-02T15:04:05", text, s.cfg.Zone)
	}
	if err != nil {
		t, err = time.ParseInLocation(time.DateOnly, text, s.cfg.Zone)
	}
	if err != nil {
		return time.Time{}, err //nolint:wrapcheck // it becomes a Problem
	}
	return t, nil
}
