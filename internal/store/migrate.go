package store

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"testing/fstest"
	"text/template"

	"github.com/pressly/goose/v3"
)

//go:embed schema/*.sql
var schema embed.FS

// migrate applies what is missing of the schema. The files are templates, so that one set serves both
// databases.
func (db *DB) migrate(ctx context.Context) error {
	files, err := render(db.d)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(db.d.goose(), db.write, files, db.d.alone()...)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	// Where the database has no lock for it, another process that starts at the same moment may be faster:
	// it has then applied one file at least, which is found at the next look. A file of the schema is
	// applied whole or not at all, and fails when applied again.
	for range len(p.ListSources()) + 1 {
		if _, err = p.Up(ctx); err == nil {
			return nil
		}
	}
	return fmt.Errorf("apply the schema: %w", err)
}

func render(d dialect) (fs.FS, error) {
	names, err := fs.Glob(schema, "schema/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list the schema: %w", err)
	}
	out := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(schema, name)
		if err != nil {
			return nil, fmt.Errorf("read the schema: %w", err)
		}
		t, err := template.New(name).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		var b bytes.Buffer
		if err := t.Execute(&b, d.types()); err != nil {
			return nil, fmt.Errorf("schema %s: %w", name, err)
		}
		out[name[len("schema/"):]] = &fstest.MapFile{Data: b.Bytes(), Mode: 0o444}
	}
	return out, nil
}
