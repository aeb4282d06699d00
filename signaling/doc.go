// Package signaling owns what pages and the server say to each other over a socket: the shapes of messages, who
// is on the other side, and in which words a failure is told. docs/protocol.md is its manual.
//
// It refuses to carry anything: package ws has the sockets, clock the exchange of time, and what topics and
// commands mean is known to the packages that offer them.
package signaling
