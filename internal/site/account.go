package site

import "time"

// AccountID is an account's number. 0 is nobody; System is the server itself.
type AccountID int64

// System acts where nobody is signed in: schedules, imports from the command line.
const System AccountID = -1

// Account is somebody who can sign in. What they sign in with is not here.
type Account struct {
	ID       AccountID
	Login    string // unique, lower case
	Name     string
	Email    string
	Phone    string
	Home     ID // the site whose administrators look after the account
	Disabled bool
	Created  time.Time
	LastSeen time.Time // zero: never signed in
	Version  int64
	Grants   []Grant
}

// Who returns the account as somebody who asks.
func (a *Account) Who() Who {
	if a == nil || a.Disabled {
		return Who{}
	}
	return Who{Account: a.ID, Grants: a.Grants}
}
