// Package hall owns the screens of village halls, and the pages on the telephones of those who sit before them: a screen
// is signed in with a code, shows what its site broadcasts by itself, and a QR code by which people sign in.
//
// It refuses to know who may make a terminal (web/admin asks package audience), and to list terminals or people.
package hall
