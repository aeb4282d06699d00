package signin

import (
	"context"
	"crypto/sha256"
	"time"

	"xianfeng/internal/site"
)

// Hash is the SHA-256 of a token: what is kept of it.
type Hash [sha256.Size]byte

// Store is everything that a Service keeps. Each method happens whole, with its lines in the audit log, or does
// not. What is not there is errs.NotFound.
type Store interface {
	Accounts
	Credentials
	Failures
	Sessions
	Passkeys
	Identities
	Resets
}

// Accounts finds people, with their grants.
type Accounts interface {
	Account(ctx context.Context, id site.AccountID) (*site.Account, error)
	AccountByLogin(ctx context.Context, login string) (*site.Account, error)
	Note(ctx context.Context, entries ...site.Entry) error
}

// Credential is what somebody signs in with.
type Credential struct {
	Account    site.AccountID
	Password   string    // PHC string; "": can't sign in with one
	Old        []string  // passwords before it, newest first, PHC strings
	Changed    time.Time // when the password was set
	MustChange bool      // the password was set by somebody else
	TOTP       []byte    // sealed secret; nil: none
	Step       int64     // the newest time step whose code was used
	Recovery   []string  // hashes of the recovery codes that are left
}

// PasswordChange is a new password.
type PasswordChange struct {
	Account    site.AccountID
	Password   string   // PHC string
	Old        []string // as Credential.Old
	MustChange bool
	At         time.Time
	Reset      *Hash // the reset that allows it; it is used up. One that is gone is errs.NotFound, and nothing changes
	Keep       *Hash // the one session that goes on; nil: none
	Entries    []site.Entry
}

// Credentials keeps what people sign in with.
type Credentials interface {
	// Credential returns the zero value (with Account set) where nothing was set so far.
	Credential(ctx context.Context, id site.AccountID) (Credential, error)
	// SetPassword also ends the account's sessions but Keep, and its open resets.
	SetPassword(ctx context.Context, c PasswordChange) error
	// Rehash replaces the hash of the same password; was is the one that it replaces, else nothing happens.
	Rehash(ctx context.Context, id site.AccountID, was, now string) error
	// SetTOTP sets the sealed secret, the step that was used to prove it and the recovery codes' hashes; nil takes them away.
	SetTOTP(ctx context.Context, id site.AccountID, sealed []byte, step int64, recovery []string, entries ...site.Entry) error
	// UseCode uses up a time step, or with a recovery code's hash that code: errs.Conflict where that step or a
	// newer one, or that code, was used before.
	UseCode(ctx context.Context, id site.AccountID, step int64, recovery string) error
}

// Failure is how often something failed in a row, and when last.
type Failure struct {
	N    int
	Last time.Time
}

// Failures counts what failed, under keys that say nothing to who reads them.
type Failures interface {
	// Failures returns one for each key, in order; the zero value where nothing failed.
	Failures(ctx context.Context, keys ...string) ([]Failure, error)
	// Fail adds one to each key. Those whose last failure was before the time forget begin again at one, and all such
	// keys are forgotten.
	Fail(ctx context.Context, at, forget time.Time, keys []string, entries ...site.Entry) error
	// Forgive forgets keys.
	Forgive(ctx context.Context, keys ...string) error
}

// Session is a browser in which somebody is signed in.
type Session struct {
	ID      string // names it in lists; not the token
	Account site.AccountID
	Created time.Time
	Seen    time.Time
	Expires time.Time // the latest moment, however often it is used
	Strong  bool      // signed in with two factors or a passkey
	Remote  string    // address of the browser when last seen
	Agent   string    // as the browser calls itself, cut short
}

// Ending says which sessions of an account end.
type Ending struct {
	Account site.AccountID
	ID      string // this one; "": all
	But     string // except this one
}

// Sessions keeps sessions under the hashes of their tokens.
type Sessions interface {
	// AddSession keeps a session in the place of an older one of the same browser (nil: there is none), notes
	// that the account was seen, and throws away sessions that are over.
	AddSession(ctx context.Context, token Hash, s Session, replaces *Hash, entries ...site.Entry) error
	Session(ctx context.Context, token Hash) (Session, error)
	// SeeSession notes when and from where a session and its account were seen. A session that is gone is no error.
	SeeSession(ctx context.Context, token Hash, at time.Time, remote string) error
	// SessionsOf lists an account's sessions, the one seen last first.
	SessionsOf(ctx context.Context, id site.AccountID) ([]Session, error)
	// EndSessions returns how many ended.
	EndSessions(ctx context.Context, e Ending, entries ...site.Entry) (int, error)
}

// Passkey is one of the passkeys of an account.
type Passkey struct {
	ID      []byte
	Account site.AccountID
	Name    string
	Data    string // JSON: the credential record of WebAuthn
	Created time.Time
	Used    time.Time // zero: never
}

// Passkeys keeps passkeys.
type Passkeys interface {
	PasskeysOf(ctx context.Context, id site.AccountID) ([]Passkey, error) // oldest first
	// AddPasskey keeps a new one; one that is known is errs.Exists.
	AddPasskey(ctx context.Context, p Passkey, entries ...site.Entry) error
	// UsePasskey keeps the record and the time of use.
	UsePasskey(ctx context.Context, id []byte, data string, at time.Time) error
	RemovePasskey(ctx context.Context, owner site.AccountID, id []byte, entries ...site.Entry) error
}

// Identity is somebody as a provider of single sign-on knows them.
type Identity struct {
	Issuer, Subject string
	Account         site.AccountID
}

// Identities keeps which account belongs to which identity.
type Identities interface {
	IdentityOwner(ctx context.Context, issuer, subject string) (site.AccountID, error)
	IdentitiesOf(ctx context.Context, id site.AccountID) ([]Identity, error)
	// AddIdentity links; one that is linked already is errs.Exists.
	AddIdentity(ctx context.Context, i Identity, entries ...site.Entry) error
	RemoveIdentity(ctx context.Context, i Identity, entries ...site.Entry) error
}

// Resets keeps permissions to set a new password.
type Resets interface {
	// AddReset takes the place of the account's earlier ones, and throws away those that are over.
	AddReset(ctx context.Context, token Hash, id site.AccountID, expires time.Time, entries ...site.Entry) error
	// Reset returns whose it is; one that is over at the time now is errs.NotFound.
	Reset(ctx context.Context, token Hash, now time.Time) (site.AccountID, error)
}
