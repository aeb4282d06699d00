package signin

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

// Setting is the name of the setting that Rules are kept under, for the whole network.
const Setting = "signin"

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

// Check returns everything that is wrong with rules as errs.Problems; the value of a range is the least and the most.
func (r *Rules) Check() error {
	var p errs.Problems
	within := func(field string, got, least, most int64) {
		if got < least || got > most {
			p.Add(field, "range", fmt.Sprintf("%d–%d", least, most))
		}
	}
	lasting := func(field string, got, least, most time.Duration) {
		if got < least || got > most {
			p.Add(field, "range", least.String()+"–"+most.String())
		}
	}
	const day = 24 * time.Hour
	within("password.min", int64(r.Password.Min), 8, 64)
	within("password.kinds", int64(r.Password.Kinds), 0, 4)
	within("password.long", int64(r.Password.Long), int64(r.Password.Min), 64)
	within("password.last", int64(r.Password.Last), 0, 24)
	within("password.argon.memory", int64(r.Password.Argon.Memory), 8*int64(r.Password.Argon.Lanes), 256<<10)
	within("password.argon.time", int64(r.Password.Argon.Time), 1, 16)
	within("password.argon.lanes", int64(r.Password.Argon.Lanes), 1, 16)
	within("lock.tries", int64(r.Lock.Tries), 1, 100)
	within("lock.anywhere", int64(r.Lock.Anywhere), 1, 10_000)
	within("lock.rate", int64(r.Lock.Rate), 1, 10_000)
	lasting("lock.wait", r.Lock.Wait, time.Second, time.Hour)
	lasting("lock.maxWait", r.Lock.MaxWait, r.Lock.Wait, day)
	lasting("lock.maxAll", r.Lock.MaxAll, time.Second, time.Hour)
	lasting("lock.forget", r.Lock.Forget, time.Hour, 30*day)
	lasting("session.idle", r.Session.Idle, 2*seenEvery, 30*day)
	lasting("session.absolute", r.Session.Absolute, r.Session.Idle, 90*day)
	lasting("session.fresh", r.Session.Fresh, time.Minute, day)
	lasting("session.reset", r.Session.Reset, time.Minute, day)
	for _, role := range r.SecondFor {
		if !slices.Contains(site.Roles, role) {
			p.Add("secondFor", "unknown", string(role))
		}
	}
	return p.Err()
}

// span is a time as people write it: "30m", "12h".
type span time.Duration

func (d *span) UnmarshalText(b []byte) error {
	x, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("a time like 30m or 12h: %w", err)
	}
	*d = span(x)
	return nil
}

func (d span) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

type plainLock LockRules // without the methods

// lockText and sessionText have the times as text; what else there is comes from the rules inside.
type lockText struct {
	*plainLock
	Wait    span `json:"wait"`
	MaxWait span `json:"maxWait"`
	MaxAll  span `json:"maxAll"`
	Forget  span `json:"forget"`
}

type sessionText struct {
	Idle     span `json:"idle"`
	Absolute span `json:"absolute"`
	Fresh    span `json:"fresh"`
	Reset    span `json:"reset"`
}

func (l *LockRules) text() lockText {
	return lockText{(*plainLock)(l), span(l.Wait), span(l.MaxWait), span(l.MaxAll), span(l.Forget)}
}

// MarshalJSON writes times as people do.
func (l LockRules) MarshalJSON() ([]byte, error) { return json.Marshal(l.text()) }

// UnmarshalJSON leaves what is not named as it is.
func (l *LockRules) UnmarshalJSON(b []byte) error {
	x := l.text()
	if err := json.Unmarshal(b, &x); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	l.Wait, l.MaxWait, l.MaxAll, l.Forget = time.Duration(x.Wait), time.Duration(x.MaxWait), time.Duration(x.MaxAll), time.Duration(x.Forget)
	return nil
}

func (s SessionRules) text() sessionText {
	return sessionText{span(s.Idle), span(s.Absolute), span(s.Fresh), span(s.Reset)}
}

// MarshalJSON writes times as people do.
func (s SessionRules) MarshalJSON() ([]byte, error) { return json.Marshal(s.text()) }

// UnmarshalJSON leaves what is not named as it is.
func (s *SessionRules) UnmarshalJSON(b []byte) error {
	x := s.text()
	if err := json.Unmarshal(b, &x); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	*s = SessionRules{time.Duration(x.Idle), time.Duration(x.Absolute), time.Duration(x.Fresh), time.Duration(x.Reset)}
	return nil
}
