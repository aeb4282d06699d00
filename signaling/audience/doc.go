// Package audience owns those who watch a broadcast and say something back: the screens of village halls
// (terminals) and who sits before them, attendance, the chat beside the player, and reactions.
//
// A terminal (终端站点) is a screen that a site has signed in with a code; it shows whatever its site broadcasts.
// Who sits there signs in by a ticket that the screen shows as a QR code and that changes with the minute. How long
// the screen itself showed a broadcast is counted by the server's clock, never by what the screen says.
//
// It refuses to know pages and SQL, and how a broadcast is planned (package broadcast). It keeps no picture of
// people beyond what they enter, and forgets it after [KeepPeople].
package audience
