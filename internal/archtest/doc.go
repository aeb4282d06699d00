// Package archtest keeps the shape of the project: who may import whom, where outside libraries may be
// used, that every package says what it is for. It is all tests; docs/architecture.md is the same in prose.
//
// It refuses questions of style, which are the linters', and of behaviour, which are each package's tests'.
package archtest
