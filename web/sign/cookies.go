package sign

import (
	"net/http"
	"time"

	"xianfeng/web/kit"
)

// The cookies. Under TLS their names begin with __Host-: then no other host name and no unencrypted answer can
// set them (RFC 6265bis §4.1.3.2).
const (
	sessionCookie = "xf_session"
	halfCookie    = "xf_half"   // between password and code
	deviceCookie  = "xf_device" // this browser was used before
	keyCookie     = "xf_key"    // between a passkey's question and its answer
	ssoCookie     = "xf_sso"    // between here and a provider

	shortly   = 10 * time.Minute
	aYear     = 365 * 24 * time.Hour
	maxCookie = 4096
)

func cookieName(r *http.Request, name string) string {
	if kit.OverTLS(r) {
		return "__Host-" + name
	}
	return name
}

// cookie returns what a browser brought; "" where it brought nothing that can be ours.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(cookieName(r, name))
	if err != nil || len(c.Value) > maxCookie {
		return ""
	}
	return c.Value
}

// setCookie has the browser keep a value; lasts 0: until it is closed, < 0: no longer.
func setCookie(w http.ResponseWriter, r *http.Request, name, value string, lasts time.Duration) {
	age := int(lasts / time.Second)
	if lasts < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(r, name), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: kit.OverTLS(r),
	})
}

func dropCookie(w http.ResponseWriter, r *http.Request, name string) { setCookie(w, r, name, "", -1) }
