package hall

import (
	"crypto/rand"
	"embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
	"xianfeng/signaling/audience"
	"xianfeng/signaling/broadcast"
	"xianfeng/web/kit"
)

//go:embed pages style script
var embedded embed.FS

// Mount has the styles and scripts.
var Mount = kit.Mount{Prefix: "hall", FS: embedded}

// Config is what a Server needs.
type Config struct {
	Kit        *kit.Kit
	Halls      *audience.Halls
	Attendance *audience.Attendance
	Programme  *broadcast.Programme
	Tree       func() *site.Tree
	Remote     func(*http.Request) string // the address of who asks
	Zone       *time.Location
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger
}

// Server answers below /terminal and /attend. It holds no goroutine or file.
type Server struct {
	cfg   Config
	pages map[string]*template.Template
}

// New returns a server.
func New(cfg Config) (*Server, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, pages: map[string]*template.Template{}}
	for _, name := range []string{"enter", "screen", "attend"} {
		t, err := cfg.Kit.Parse(embedded, nil, "pages/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("hall: %w", err)
		}
		s.pages[name] = t
	}
	return s, nil
}

// Routes puts the addresses under a router.
func (s *Server) Routes(r *kit.Router) {
	r.Page("GET /terminal", s.screen)
	r.Page("POST /terminal", s.enter)
	r.Page("POST /terminal/leave", s.leave)
	r.Data("POST /terminal/now", s.now)
	r.Page("GET /attend/{ticket}", s.seat)
	r.Page("POST /attend/{ticket}", s.attend)
}

// The cookies: what a screen is signed in with, and what tells one telephone from another.
const (
	screenCookie = "xf_screen"
	deviceCookie = "xf_hall"
	aYear        = 365 * 24 * time.Hour
	maxForm      = 16 << 10
)

func cookieName(r *http.Request, name string) string {
	if kit.OverTLS(r) {
		return "__Host-" + name
	}
	return name
}

func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(r, name))
	if err != nil || len(c.Value) > 100 {
		return ""
	}
	return c.Value
}

func setCookie(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r, name), Value: value, Path: "/", MaxAge: int(lasts / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: kit.OverTLS(r),
	})
}

// frame is what every page has.
type frame struct {
	kit.Frame
	T     *Messages
	Wrong string
}

func (s *Server) frame(r *http.Request, title string) frame {
	f := frame{Frame: s.cfg.Kit.Frame(r), T: messages(kit.LangOf(r))}
	f.Title, f.Nav = title, nil
	return f
}

func (s *Server) words(r *http.Request) *Messages { return messages(kit.LangOf(r)) }

// prefix is where somebody comes from, as guesses are counted: of IPv6 the network.
func (s *Server) prefix(r *http.Request) netip.Prefix {
	a, err := netip.ParseAddr(s.cfg.Remote(r))
	if err != nil {
		return netip.Prefix{} // all of them count as one
	}
	a = a.Unmap().WithZone("")
	bits := 32
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}

// terminal returns the terminal that a screen is signed in as, with its site.
func (s *Server) terminal(r *http.Request) (audience.Terminal, *site.Node, error) {
	t, err := s.cfg.Halls.Of(r.Context(), cookie(r, screenCookie))
	if err != nil {
		return t, nil, err //nolint:wrapcheck // it says what
	}
	n := s.cfg.Halls.Node(t)
	if n == nil {
		return t, nil, fmt.Errorf("site of terminal %d: %w", t.ID, errs.NotFound)
	}
	return t, n, nil
}

type enterPage struct{ frame }

type screenPage struct {
	frame
	Terminal audience.Terminal
	Node     *site.Node
	Says     map[string]string // what the script says
	Now      string            // the answer of POST /terminal/now, so that the script begins where the page stands
}

// WordsJSON is Says as the script reads it.
func (p screenPage) WordsJSON() (string, error) {
	b, err := json.Marshal(p.Says)
	return string(b), err
}

// screen is the page that a hall's screen shows, or the form for its code.
func (s *Server) screen(w http.ResponseWriter, r *http.Request) {
	t, n, err := s.terminal(r)
	if errors.Is(err, errs.NotFound) {
		s.cfg.Kit.Show(w, r, http.StatusOK, s.pages["enter"], enterPage{s.frame(r, s.words(r).EnterTitle)})
		return
	}
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	p := screenPage{frame: s.frame(r, t.Name), Terminal: t, Node: n}
	p.Dark = true
	p.Says = map[string]string{"days": p.T.Days, "next": p.T.Next, "none": p.T.None, "people": p.T.People, "soon": p.T.Soon}
	told, err := s.told(r, t, n)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	b, err := json.Marshal(told)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	p.Now = string(b)
	s.cfg.Kit.Show(w, r, http.StatusOK, s.pages["screen"], p)
}

// enter takes a code.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	_, token, err := s.cfg.Halls.Enter(r.Context(), s.prefix(r), r.PostFormValue("code"))
	p := enterPage{s.frame(r, s.words(r).EnterTitle)}
	status := http.StatusUnprocessableEntity
	switch {
	case err == nil:
		setCookie(w, r, screenCookie, token, aYear)
		http.Redirect(w, r, "/terminal", http.StatusSeeOther)
		return
	case errors.Is(err, errs.TooMany):
		p.Wrong, status = p.T.CodeTooMany, http.StatusTooManyRequests
	case errors.Is(err, errs.NotFound), errors.Is(err, errs.Conflict):
		p.Wrong = p.T.CodeWrong
	default:
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	s.cfg.Kit.Show(w, r, status, s.pages["enter"], p)
}

// leave signs the screen out, on this screen: whoever has its token still is stopped in the console.
func (s *Server) leave(w http.ResponseWriter, r *http.Request) {
	setCookie(w, r, screenCookie, "", -time.Second)
	http.Redirect(w, r, "/terminal", http.StatusSeeOther)
}

// told is what a screen is told.
type told struct {
	broadcast.Cards
	Ticket string `json:"ticket,omitempty"` // address where people sign in
	QR     string `json:"qr,omitempty"`     // the same, as SVG
	For    string `json:"for,omitempty"`    // title of the broadcast that they sign in for
	People int    `json:"people"`           // who have
	Site   string `json:"site"`             // code
}

// soon is how long before a broadcast people may sign in for it.
const soon = 30 * time.Minute

func (s *Server) told(r *http.Request, t audience.Terminal, n *site.Node) (told, error) {
	shown := s.cfg.Programme.At(n)
	x := told{Cards: broadcast.CardsOf(s.cfg.Tree(), shown), Site: n.Code}
	b := signInFor(&shown, s.cfg.Now())
	if b == nil {
		return x, nil
	}
	scheme := "http"
	if kit.OverTLS(r) {
		scheme = "https"
	}
	x.For = b.Title
	x.Ticket = scheme + "://" + r.Host + "/attend/" + s.cfg.Attendance.Ticket(t, b.ID)
	qr, err := kit.QR(x.Ticket, s.words(r).QRLabel)
	if err != nil {
		return x, fmt.Errorf("terminal %d: %w", t.ID, err)
	}
	x.QR = string(qr)
	x.People, err = s.cfg.Attendance.Count(r.Context(), t, b.ID)
	return x, err //nolint:wrapcheck // it says what
}

// signInFor is the broadcast that people sign in for: what the screen shows, or what comes soon.
func signInFor(shown *broadcast.Shown, now time.Time) *broadcast.Broadcast {
	if shown.Urgent != nil {
		return shown.Urgent
	}
	if len(shown.On) > 0 {
		return &shown.On[0]
	}
	for i := range shown.Next {
		if b := &shown.Next[i]; b.Announced(now) && b.Starts.Sub(now) < soon {
			return b
		}
	}
	return nil
}

// now tells a screen what there is, and notes what it says that it shows.
func (s *Server) now(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	t, n, err := s.terminal(r)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	if id, ok := broadcast.ParseID(r.PostFormValue("showing")); ok && shows(s.cfg.Programme.At(n), id) {
		if err := s.cfg.Attendance.Shows(r.Context(), t, id); err != nil {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
	}
	x, err := s.told(r, t, n)
	if err != nil {
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(x); err != nil {
		s.cfg.Log.Debug("tell a terminal", "error", err) // it is gone
	}
}

// shows reports whether a broadcast is on air on a site.
func shows(shown broadcast.Shown, id broadcast.ID) bool {
	for i := range shown.On {
		if shown.On[i].ID == id {
			return true
		}
	}
	return false
}

type attendPage struct {
	frame
	Seat    audience.Seat
	When    string
	Name    string
	Phone   string
	Problem map[string]string
	Done    bool
}

func (s *Server) attendPage(r *http.Request, seat audience.Seat) attendPage {
	p := attendPage{frame: s.frame(r, s.words(r).AttendTitle), Seat: seat, Problem: map[string]string{}}
	p.When = seat.Broadcast.From().In(s.cfg.Zone).Format("15:04")
	return p
}

// seat is the form of who sits before a screen.
func (s *Server) seat(w http.ResponseWriter, r *http.Request) {
	seat, err := s.cfg.Attendance.Seat(r.Context(), r.PathValue("ticket"))
	if err != nil {
		s.failTicket(w, r, err)
		return
	}
	if cookie(r, deviceCookie) == "" {
		id, err := newDevice()
		if err != nil {
			s.cfg.Kit.Fail(w, r, err)
			return
		}
		setCookie(w, r, deviceCookie, id, aYear)
	}
	p := s.attendPage(r, seat)
	p.Name = p.Visitor.Name
	s.cfg.Kit.Show(w, r, http.StatusOK, s.pages["attend"], p)
}

// attend takes the form.
func (s *Server) attend(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	person := audience.Person{Name: r.PostFormValue("name"), Phone: r.PostFormValue("phone"), Device: cookie(r, deviceCookie)}
	if v := s.cfg.Kit.Visitor(r); v.SignedIn() {
		person.Account = v.Who.Account
	}
	x, seat, err := s.cfg.Attendance.SignIn(r.Context(), r.PathValue("ticket"), person)
	if seat.Site == nil {
		s.failTicket(w, r, err)
		return
	}
	p := s.attendPage(r, seat)
	p.Name, p.Phone = kit.Clip(strings.TrimSpace(person.Name)), kit.Clip(person.Phone)
	var problems errs.Problems
	status := http.StatusUnprocessableEntity
	switch {
	case err == nil:
		p.Name, p.Done, status = x.Name, true, http.StatusOK
	case errors.As(err, &problems):
		for _, x := range problems {
			p.Problem[x.Field] = p.T.problem(x)
		}
		p.Wrong = p.Problem[""]
	case errors.Is(err, errs.TooMany):
		p.Wrong, status = p.T.TooMany, http.StatusTooManyRequests
	case errors.Is(err, errs.Full):
		p.Wrong = p.T.Full
	default:
		s.cfg.Kit.Fail(w, r, err)
		return
	}
	s.cfg.Kit.Show(w, r, status, s.pages["attend"], p)
}

// failTicket says in words that a QR code is too old.
func (s *Server) failTicket(w http.ResponseWriter, r *http.Request, err error) {
	t := s.words(r)
	switch {
	case errors.Is(err, errs.NotFound):
		s.cfg.Kit.FailPage(w, r, http.StatusNotFound, t.TicketOld, t.TicketOldWhy)
	case errors.Is(err, errs.Conflict):
		s.cfg.Kit.FailPage(w, r, http.StatusGone, t.TicketOver, t.TicketOverWhy)
	default:
		s.cfg.Kit.Fail(w, r, err)
	}
}

func newDevice() (string, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("name a telephone: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
