// Package broadcast owns synchronised broadcasts (同步转播): what is planned, announced, on air and over on which
// part of the tree of sites, who may change it, and at which delay all of its viewers watch.
//
// It refuses packets, pages and SQL: the media core carries the pictures, package portal shows the pages, package
// store keeps the rows.
//
// # A broadcast's way
//
//	planned → on air → ended
//	   └──→ cancelled
//
// A planned one is announced, with a countdown, from a time of its own on. It goes on air when its time comes or
// when somebody starts it, and ends in the same two ways. What was planned and whose whole time passed while no
// server ran is cancelled: nobody saw it.
//
// # Where it is shown
//
// A broadcast stands on one site and is shown there and on all sites below: one row, however many sites that are.
// What is on air at a site is its own and what comes from above; urgent ones first, then the highest level first.
//
// # Who asks what
//
//   - [Programme] is a picture in memory of all that is planned or on air, replaced with every change. It answers
//     every page and every socket.
//   - [Desk] is what people who are signed in do. Every method says who does it, and asks site.Tree.May.
//   - [Schedule] starts and ends what is due. Several processes may run one on the same database: each change
//     happens once, by the version that was read.
//   - [Topics] tells pages that are open, through package ws.
package broadcast
