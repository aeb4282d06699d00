// Package store owns the database: SQLite in the data folder, or PostgreSQL where there is an address for it.
// It implements the contracts that other packages declare, with one schema and one set of statements for
// both; what differs between the two stands in dialect.go and nowhere else.
//
// It refuses decisions: who may do what, what an article's next state is, what a page shows. Its methods
// are whole: each one happens or does not, with its line in the audit log and the tags of what it changed.
//
// # Writing
//
// All writes of a process go through one connection, one after another: SQLite has one writer, and the audit
// log is a chain on PostgreSQL too, where an advisory lock keeps other processes out for as long. Reads have
// connections of their own and never wait for writes.
package store
