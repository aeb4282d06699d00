// Package sign owns the pages with which people sign in and look after what they sign in with, and the cookies
// that this takes. [Sessions] tells every other handler who asks.
//
// It refuses to decide: who somebody is, is found out by package signin, what they may do by site.Tree.May.
// Everything but passkeys works without JavaScript.
package sign
