package signin

import (
	"time"

	"xianfeng/internal/site"
)

// Rules are what a network decides about signing in. They are data: DefaultRules where nothing is set.
type Rules struct {
	Password PasswordRules `json:"password"`
	Lock     LockRules     `json:"lock"`
	Session  SessionRules  `json:"session"`
	// SecondFor are the roles that must have a second factor or sign in with a passkey.
	SecondFor []site.Role `json:"secondFor,omitempty"`
}

// PasswordRules say which passwords are good enough.
type PasswordRules struct {
	Min   int   `json:"min"`   // characters
	Kinds int   `json:"kinds"` // how many of: small letters, capital letters, digits, others
	Long  int   `json:"long"`  // with so many characters the kinds do not matter
	Last  int   `json:"last"`  // so many of the last ones are not taken again, the present one included
	Argon Argon `json:"argon"`
}

// Argon are the parameters of argon2id. Passwords are hashed anew at the next sign-in when they grow.
type Argon struct {
	Memory uint32 `json:"memory"` // KiB
	Time   uint32 `json:"time"`   // passes
	Lanes  uint8  `json:"lanes"`
}

// LockRules say how those who guess are slowed down.
type LockRules struct {
	Tries    int           `json:"tries"`    // failures of one account from one address or known browser, before it has to wait
	Wait     time.Duration `json:"wait"`     // how long; doubled with each failure after that
	MaxWait  time.Duration `json:"maxWait"`  //
	Anywhere int           `json:"anywhere"` // failures of one account from all addresses, before unknown browsers have to wait
	MaxAll   time.Duration `json:"maxAll"`   // the longest such wait
	Forget   time.Duration `json:"forget"`   // failures as old as this do not count
	Rate     int           `json:"rate"`     // tries a minute from one address, whatever the account
}

// SessionRules say how long people stay signed in.
type SessionRules struct {
	Idle     time.Duration `json:"idle"`
	Absolute time.Duration `json:"absolute"`
	Fresh    time.Duration `json:"fresh"` // so long after signing in, people may change what they sign in with
	Reset    time.Duration `json:"reset"` // how long the link in a mail holds
}

// DefaultRules are the rules where a network has set no others. The parameters of argon2id are OWASP's.
func DefaultRules() Rules {
	return Rules{
		Password: PasswordRules{Min: 10, Kinds: 3, Long: 16, Last: 5, Argon: Argon{Memory: 19 << 10, Time: 2, Lanes: 1}},
		Lock: LockRules{
			Tries: 5, Wait: time.Minute, MaxWait: 30 * time.Minute, Anywhere: 20, MaxAll: time.Minute, Forget: 24 * time.Hour, Rate: 30,
		},
		Session: SessionRules{Idle: 30 * time.Minute, Absolute: 12 * time.Hour, Fresh: 10 * time.Minute, Reset: 30 * time.Minute},
	}
}
