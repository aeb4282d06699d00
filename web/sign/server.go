package sign

import (
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/web/kit"
)

//go:embed pages style script
var embedded embed.FS

// Mount is the files that the pages load.
var Mount = kit.Mount{Prefix: "sign", FS: embedded}

// Config is what a Server needs. All is required but Log and Zone.
type Config struct {
	Kit      *kit.Kit
	Service  *signin.Service
	Sessions *Sessions
	Log      *slog.Logger
	Zone     *time.Location // of the times on the pages; nil: UTC
}

// Server answers below /sign/.
type Server struct {
	cfg   Config
	pages map[string]*template.Template
}

var pageNames = []string{"in", "second", "password", "reset", "me", "app", "codes", "go"}

// New returns a server. It fails only if what is embedded is broken.
func New(cfg Config) (*Server, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	s := &Server{cfg: cfg, pages: map[string]*template.Template{}}
	for _, name := range pageNames {
		t, err := cfg.Kit.Parse(embedded, nil, "pages/"+name+".html", "pages/shared.html")
		if err != nil {
			return nil, fmt.Errorf("pages of signing in: %w", err)
		}
		s.pages[name] = t
	}
	return s, nil
}

// Routes puts the pages under their addresses.
func (s *Server) Routes(r *kit.Router) {
	r.Page("GET /sign/{$}", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/sign/me", http.StatusSeeOther) })
	r.Page("GET /sign/in", s.showIn)
	r.Page("POST /sign/in", s.form(s.doIn))
	r.Page("POST /sign/out", s.form(s.out))
	r.Page("GET /sign/second", s.showSecond)
	r.Page("POST /sign/second", s.form(s.doSecond))
	r.Page("GET /sign/password", s.mine(s.showPassword))
	r.Page("POST /sign/password", s.form(s.mine(s.doPassword)))
	r.Page("GET /sign/reset", s.showReset)
	r.Page("POST /sign/reset", s.form(s.askReset))
	r.Page("POST /sign/reset/new", s.form(s.doReset))
	r.Page("GET /sign/with/{provider}", s.sendOut)
	r.Page("GET /sign/with/{provider}/back", s.comeBack)
	r.Page("POST /sign/key/ask", s.askKey)
	r.Page("POST /sign/key", s.withKey)

	r.Page("GET /sign/me", s.mine(s.me))
	r.Page("GET /sign/me/app", s.mine(s.showApp))
	r.Page("POST /sign/me/app", s.form(s.mine(s.doApp)))
	r.Page("POST /sign/me/app/drop", s.form(s.mine(s.dropApp)))
	r.Page("POST /sign/me/codes", s.form(s.mine(s.newCodes)))
	r.Page("POST /sign/me/sessions", s.form(s.mine(s.endSession)))
	r.Page("POST /sign/me/keys/ask", s.mine(s.askNewKey))
	r.Page("POST /sign/me/keys", s.mine(s.keepKey))
	r.Page("POST /sign/me/keys/drop", s.form(s.mine(s.dropKey)))
	r.Page("POST /sign/me/link/{provider}", s.form(s.mine(s.link)))
	r.Page("POST /sign/me/unlink", s.form(s.mine(s.unlink)))
}

// maxForm is more than any of the forms.
const maxForm = 16 << 10

// form reads a form before the handler does.
func (s *Server) form(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		if err := r.ParseForm(); err != nil {
			var large *http.MaxBytesError
			if errors.As(err, &large) {
				s.cfg.Kit.Fail(w, r, errs.TooLarge)
				return
			}
			s.cfg.Kit.FailPage(w, r, http.StatusBadRequest, "", "")
			return
		}
		next(w, r)
	}
}

// mine lets only those through who are signed in, whatever they must do first: here is where they do it.
func (s *Server) mine(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		v := signin.FromContext(r.Context())
		switch {
		case v == nil && kit.WantsPage(r):
			http.Redirect(w, r, "/sign/in?to="+url.QueryEscape(backTo(r)), http.StatusSeeOther)
		case v == nil:
			s.cfg.Kit.Problem(w, r, http.StatusUnauthorized, "not signed in")
		default:
			next(w, r)
		}
	}
}

// page is what all pages here have.
type page struct {
	kit.Frame
	T     *Messages
	To    string
	Wrong string // what is wrong with what was entered; "": nothing
	Done  string // what was done; "": nothing
}

func (s *Server) page(r *http.Request, title func(*Messages) string) page {
	f := s.cfg.Kit.Frame(r)
	t := messages(f.Lang)
	f.Title = title(t)
	return page{Frame: f, T: t, To: safe(r.FormValue("to"))}
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	w.Header().Set("Cache-Control", "no-store")
	s.cfg.Kit.Show(w, r, status, s.pages[name], data)
}

// from is where a try to sign in comes from.
func (s *Server) from(r *http.Request) signin.From {
	return signin.From{Remote: s.cfg.Sessions.Remote(r), Agent: r.UserAgent(), Device: cookie(r, deviceCookie), Token: cookie(r, sessionCookie)}
}

// origin is the scheme and host by which the browser came.
func origin(r *http.Request) string {
	if kit.OverTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// enter gives the browser its session.
func enter(w http.ResponseWriter, r *http.Request, in signin.Entered) {
	setCookie(w, r, sessionCookie, in.Token, 0)
	setCookie(w, r, deviceCookie, in.Device, aYear)
	for _, name := range []string{halfCookie, keyCookie, ssoCookie} {
		if _, err := r.Cookie(cookieName(r, name)); err == nil {
			dropCookie(w, r, name)
		}
	}
}

// goOn gives the browser what came of a try, and sends it on.
func goOn(w http.ResponseWriter, r *http.Request, in signin.Entered, to string) {
	if in.Token == "" {
		setCookie(w, r, halfCookie, in.Half, shortly)
		http.Redirect(w, r, "/sign/second?to="+url.QueryEscape(to), http.StatusSeeOther)
		return
	}
	enter(w, r, in)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// excuse is what to say of an error, and with which status. ok is false for what is not the visitor's doing.
func (t *Messages) excuse(w http.ResponseWriter, err error, refused string) (text string, status int, ok bool) {
	var wait *signin.Wait
	switch {
	case errors.As(err, &wait):
		seconds := int(math.Ceil(wait.For.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
		if seconds > 90 {
			return fmt.Sprintf(t.WaitMinutes, (seconds+59)/60), http.StatusTooManyRequests, true
		}
		return fmt.Sprintf(t.WaitSeconds, seconds), http.StatusTooManyRequests, true
	case errors.Is(err, signin.ErrRefused):
		return refused, http.StatusUnprocessableEntity, true
	case errors.Is(err, errs.TooMany):
		return t.Busy, http.StatusTooManyRequests, true
	}
	var p errs.Problems
	if errors.As(err, &p) {
		return t.problems(p), http.StatusUnprocessableEntity, true
	}
	return "", 0, false
}

// again sends somebody to sign in once more, before they change what they sign in with.
func again(w http.ResponseWriter, r *http.Request, to string) {
	http.Redirect(w, r, "/sign/in?again=1&to="+url.QueryEscape(to), http.StatusSeeOther)
}
