package sign

import (
	"net/url"
	"strings"
)

// home is where people go who did not say where.
const home = "/admin/"

const maxTo = 500

// safe returns an address of this server to go to, and home for everything else: browsers take more for another
// server's address than the standard says (backslashes, control characters, two slashes).
func safe(to string) string {
	if len(to) > maxTo || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") {
		return home
	}
	for _, c := range to {
		if c <= ' ' || c == '\\' || c == 0x7f || c == 0xfffd {
			return home
		}
	}
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil {
		return home
	}
	if strings.Contains(u.Path, "\\") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "/../") {
		return home
	}
	for _, p := range []string{"/sign/in", "/sign/out", "/sign/second", "/sign/with/", "/sign/key"} {
		if strings.HasPrefix(u.Path, p) {
			return home
		}
	}
	return to
}
