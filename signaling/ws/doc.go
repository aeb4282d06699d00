// Package ws owns the sockets of pages: who is connected, what they follow, and that each of them gets the newest
// of it. docs/protocol.md is the protocol.
//
// It refuses to know what topics and commands mean. Packages that offer some implement [Provider] and call
// [Server.Provide] and [Server.Command] before the first page comes.
//
// # A topic is a value, not a queue
//
// [Server.Touch] says that whatever depends on a tag is new. The value of each topic that does is made once, framed
// once, and every socket that follows the topic gets a mark: there is something newer than what you have. A worker
// writes to it what is newest by then. So a socket costs one mark for each of its topics, however slow it is and
// however often a topic changes, and who is slow skips what was replaced in the meantime.
//
// # Who runs what
//
// Each socket has one goroutine, which reads, and answers what was asked. Values are made by the makers and written by the
// writers, two pools of few goroutines that grow while one is stuck and are bounded. The sweeper pings,
// closes who is silent, and has what failed made again. [Server.Close] ends all of them and waits.
package ws
