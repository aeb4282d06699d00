// Package demo owns the network that `xianfeng serve --demo` shows: an invented province with its sites,
// what they publish, and people who can sign in. It fills a network through the same doors as people do,
// so a demo that starts is also a test of them.
//
// It refuses real places, real people and real numbers, and it refuses Go for content: what the sites say
// lies in data as CSV and Markdown, for whoever writes better Chinese than Go.
package demo

//go:generate go run ./make-pictures -to data/pictures
