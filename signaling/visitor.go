package signaling

import (
	"net/netip"
	"time"

	"xianfeng/internal/site"
)

// Visitor is who is on the other side of a socket. Nobody changes it once its socket is open.
type Visitor struct {
	// ID names the session of the page: it stays the same when the page loses its socket and resumes. It opens nothing.
	ID string

	Account
	// Remote is where they come from: the address, of IPv6 the network of 64 bits.
	Remote netip.Prefix
	Lang   string // as in <html lang>
	// Foreign is a page of another origin. It is anonymous, and only reads.
	Foreign bool
}

// Account is who a visitor is signed in as. The zero value is nobody.
type Account struct {
	Who  site.Who
	Name string
	// Until is when it has to be found out anew; the zero value: never.
	Until time.Time
}

// SignedIn reports whether it is known who it is.
func (a *Account) SignedIn() bool { return a.Who.Account != 0 }
