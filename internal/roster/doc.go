// Package roster owns lists of sites: it reads a table as offices keep it, says line by line what is wrong
// with it, compares it with the network as it is, and makes one change of the differences.
//
// It refuses to keep anything: the change goes through [site.Network], whole or not at all. It takes nothing
// away either. A site that is not in the list stays as it is, and so does what people have entered since
// where the list says nothing about it.
//
// # The table
//
// Comma-separated values (RFC 4180), also with tabs or semicolons, in UTF-8, GB18030 (and with it GBK) or
// UTF-16. The first line names the columns in any order, in English or Chinese; code, parent, level and name
// have to be there. Rows come in any order: those below may stand before those above.
package roster
