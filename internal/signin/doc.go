// Package signin owns who somebody is: passwords, second factors, passkeys, single sign-on, the sessions that
// come of them, and what slows down those who guess.
//
// It refuses rights: what somebody may do is asked of site.Tree.May. It knows no page, no cookie and no SQL;
// package web/sign has the pages and cookies, package store keeps what the contracts in contract.go say.
//
// # What never leaves
//
// Passwords, tokens, codes and keys are in no error, no log line and no entry of the audit log. A sign-in that
// fails says only that it failed: a login that does not exist costs the same work, and reads the same, as a
// wrong password.
//
// # Guessing
//
// Failures are counted under keys (see guard.go): the account seen from one address, the account seen from one
// known browser, the account as a whole. A lock on the first two is long, on the third short and never in the
// way of a browser that has signed in before, so that nobody can keep an administrator out for ever.
package signin
