// Package files owns the addresses of files: POST /files takes one, GET /files?site=…&name=…&size=… says whether
// it would, GET /files/ID/NAME gives one back,
// DELETE /files/ID deletes it. It streams; no file is held in memory.
//
// It refuses to decide what is taken and by whom; package internal/files does. It adds no page: forms and
// scripts of other pages send files here and get JSON, or problem+json in the visitor's language.
//
// A file is brought as the field "file" of a form, after the fields "site" and "alt" where there are any, or as
// the body itself with its name in ?name=. The site's number may stand in ?site= as well.
package files
