package files

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"xianfeng/internal/errs"
	"xianfeng/internal/picture"
)

// Why a file is refused: the codes of errs.Problem, beside those of package picture.
const (
	CodeKind    = "file.kind"    // of a kind that is not taken; Value is its ending
	CodeDiffers = "file.differs" // it is not what its ending says; Value is the ending
	CodeEmpty   = "file.empty"
	CodeLarge   = "file.large" // Value is how many MB may be
	CodeMissing = "file.missing"
)

func refuse(code, value string) error {
	return errs.Problems{{Field: "file", Code: code, Value: value}}
}

// headSize is how much of a file is looked at.
const headSize = 1024

// attachments are the kinds that are taken, by their ending, and how their bytes begin.
var attachments = map[string]struct {
	mime string
	is   func(head []byte) bool
}{
	".pdf":  {"application/pdf", isPDF},
	".doc":  {"application/msword", isOLE},
	".xls":  {"application/vnd.ms-excel", isOLE},
	".ppt":  {"application/vnd.ms-powerpoint", isOLE},
	".docx": {"application/vnd.openxmlformats-officedocument.wordprocessingml.document", isZip},
	".xlsx": {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", isZip},
	".pptx": {"application/vnd.openxmlformats-officedocument.presentationml.presentation", isZip},
	".wps":  {"application/vnd.ms-works", isOffice},
	".et":   {"application/vnd.ms-excel", isOffice},
	".ofd":  {"application/ofd", isZip},
	".txt":  {"text/plain", isText},
	".csv":  {"text/csv", isText},
	".zip":  {"application/zip", isZip},
	".mp3":  {"audio/mpeg", isMP3},
	".mp4":  {"video/mp4", isMP4},
}

// Endings are the endings of names that are taken as attachments, sorted.
func Endings() []string {
	out := make([]string, 0, len(attachments))
	for e := range attachments {
		out = append(out, e)
	}
	slices.Sort(out)
	return out
}

// pictureEndings are those of files that say they are pictures.
var pictureEndings = []string{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".heic", ".heif", ".avif", ".svg", ".bmp", ".tif", ".tiff"}

func isPDF(b []byte) bool {
	// Adobe's readers take a PDF that begins anywhere in the first 1,024 bytes; what else stands there may be a program.
	return bytes.HasPrefix(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), []byte("%PDF-"))
}
func isOLE(b []byte) bool { return bytes.HasPrefix(b, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")) }
func isZip(b []byte) bool {
	return bytes.HasPrefix(b, []byte("PK\x03\x04")) || bytes.HasPrefix(b, []byte("PK\x05\x06"))
}
func isOffice(b []byte) bool { return isOLE(b) || isZip(b) } // old ones and new ones have one ending
func isMP4(b []byte) bool    { return len(b) >= 12 && string(b[4:8]) == "ftyp" }
func isMP3(b []byte) bool {
	return bytes.HasPrefix(b, []byte("ID3")) || len(b) > 2 && b[0] == 0xff && b[1]&0xe6 == 0xe2 // MPEG audio, layer III
}

// isText takes whatever has no bytes that text has not, in UTF-8, UTF-16 or GBK.
func isText(b []byte) bool {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return true
	}
	for _, c := range b {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1a && c != 0x1b {
			return false
		}
	}
	return !isPDF(b)
}

// sort says what a file is, of its name and its first bytes.
func sort(name string, head []byte) (kind Kind, mime string, err error) {
	ending := strings.ToLower(path.Ext(name))
	if len(head) == 0 {
		return "", "", refuse(CodeEmpty, "")
	}
	known, found := attachments[ending]
	if picture.Sniff(head) && (!found || !known.is(head)) {
		return Picture, "", nil
	}
	switch {
	case slices.Contains(pictureEndings, ending):
		return "", "", refuse(CodeDiffers, ending)
	case !found:
		return "", "", refuse(CodeKind, ending)
	case !known.is(head):
		return "", "", refuse(CodeDiffers, ending)
	}
	return Attachment, known.mime, nil
}

// Of is how large a file of some name may be: of a name that does not tell what it is, as large as any.
func (l Limits) Of(name string) int64 {
	ending := strings.ToLower(path.Ext(name))
	if slices.Contains(pictureEndings, ending) {
		return l.Picture
	}
	if _, known := attachments[ending]; known {
		return l.Attachment
	}
	return max(l.Picture, l.Attachment)
}

const maxName = 120 // bytes: what all file systems and most mail programs take

// cleanName makes a name harmless: for addresses, for headers, for the disk of whoever fetches it.
func cleanName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r == 0x7f, r >= 0x80 && r < 0xa0, r == utf8.RuneError, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x2069, r == 0xfeff:
			return -1
		case strings.ContainsRune(`"<>|:*?#%&;'`+"`", r):
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, ""))
	name = strings.TrimRight(strings.Join(strings.Fields(name), " "), " .")
	ending := path.Ext(name)
	if len(ending) > 12 || strings.Contains(ending, " ") {
		ending = ""
	}
	stem := strings.Trim(strings.TrimSuffix(name, ending), " .")
	for len(stem)+len(ending) > maxName {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if stem = strings.TrimRight(stem, " ."); stem == "" {
		stem = "file"
	}
	return stem + ending
}
