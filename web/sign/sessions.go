package sign

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
	"xianfeng/web/kit"
)

// Sessions tells handlers who asks.
type Sessions struct {
	service *signin.Service
	tree    func() *site.Tree
	log     *slog.Logger
	proxies []netip.Prefix
}

// NewSessions returns what tells who asks. Of requests that come through one of the proxies, the proxy is asked
// where they come from.
func NewSessions(service *signin.Service, tree func() *site.Tree, log *slog.Logger, proxies []netip.Prefix) *Sessions {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Sessions{service, tree, log, proxies}
}

// Wrap has signin.FromContext know who asks. A request without a cookie costs nothing, one with a cookie only
// if somebody wants to know.
func (s *Sessions) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token := cookie(r, sessionCookie); token != "" {
			ctx := r.Context()
			find := sync.OnceValue(func() *signin.Visit {
				v, err := s.service.Visit(ctx, token, s.Remote(r))
				if err != nil && !errors.Is(err, errs.NotFound) && ctx.Err() == nil {
					s.log.Error("find out who asks", "error", err)
				}
				return v
			})
			r = r.WithContext(signin.NewContext(ctx, find))
		}
		next.ServeHTTP(w, r)
	})
}

// Visitor is who asks, for the frame of pages.
func (s *Sessions) Visitor(r *http.Request) kit.Visitor {
	v := signin.FromContext(r.Context())
	if v == nil {
		return kit.Visitor{}
	}
	return kit.Visitor{Who: v.Who(), Name: v.Account.Name, Login: v.Account.Login, Home: v.Account.Home, Session: v.Session.ID, Strong: v.Session.Strong}
}

// Require lets only those through who are signed in, have nothing to do first, and may do act somewhere in the
// network; act 0: no matter what they may do. Others are sent to sign in, or told.
func (s *Sessions) Require(k *kit.Kit, act site.Action, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := signin.FromContext(r.Context())
		switch {
		case v == nil && kit.WantsPage(r):
			http.Redirect(w, r, "/sign/in?to="+url.QueryEscape(backTo(r)), http.StatusSeeOther)
		case v == nil:
			k.Problem(w, r, http.StatusUnauthorized, "not signed in")
		case v.Need != "" && kit.WantsPage(r):
			http.Redirect(w, r, needPage(v.Need)+"?to="+url.QueryEscape(backTo(r)), http.StatusSeeOther)
		case v.Need != "":
			k.Problem(w, r, http.StatusForbidden, "the "+string(v.Need)+" is to be set first")
		case act != 0 && len(s.tree().Reach(v.Who(), act)) == 0:
			k.Fail(w, r, errs.Denied)
		default:
			next(w, r)
		}
	}
}

// needPage is where somebody does what they must do first.
func needPage(n signin.Need) string {
	if n == signin.NeedPassword {
		return "/sign/password"
	}
	return "/sign/me"
}

// backTo is where to go after signing in: to the page that was asked for, or the one that a form was on.
func backTo(r *http.Request) string {
	if r.Method == http.MethodGet {
		return safe(r.URL.RequestURI())
	}
	if u, err := url.Parse(r.Referer()); err == nil && strings.EqualFold(u.Host, r.Host) {
		return safe(u.RequestURI())
	}
	return home
}

// Remote is the address of who asks.
func (s *Sessions) Remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil || !s.proxy(at) {
		return host
	}
	// From the last: only what our own proxies added is true.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = a.Unmap()
		if !s.proxy(at) {
			break
		}
	}
	return at.Unmap().WithZone("").String()
}

func (s *Sessions) proxy(a netip.Addr) bool {
	a = a.Unmap()
	for _, p := range s.proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
