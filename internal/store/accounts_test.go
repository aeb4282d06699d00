package store

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/site"
)

func TestAccounts(t *testing.T) { forEach(t, accounts) }

func accounts(t *testing.T, db *DB) {
	ctx := t.Context()
	var told []string
	db.Listen(func(tags []string) { told = append(told, tags...) })
	a, err := db.SaveAccount(ctx, site.Account{Login: "wang", Name: "王", Email: "w@example.org", Phone: "1", Home: 3},
		site.Entry{By: 9, Action: "account.create", Site: 3})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(told, []string{"account:1"}) {
		t.Errorf("tags: got %v", told)
	}
	for name, get := range map[string]func() (*site.Account, error){
		"by number": func() (*site.Account, error) { return db.Account(ctx, a.ID) },
		"by login":  func() (*site.Account, error) { return db.AccountByLogin(ctx, "wang") },
	} {
		if got, err := get(); err != nil || !reflect.DeepEqual(got, a) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, a)
		}
	}
	if _, err := db.SaveAccount(ctx, site.Account{Login: "wang", Name: "又"}); !errors.Is(err, errs.Exists) {
		t.Errorf("a login twice: got %v", err)
	}
	stale := *a
	a.Name = "王小明"
	if a, err = db.SaveAccount(ctx, *a); err != nil || a.Version != 2 {
		t.Fatalf("a change: got %+v, %v", a, err)
	}
	if _, err := db.SaveAccount(ctx, stale); !errors.Is(err, errs.Conflict) {
		t.Errorf("a stale account: got %v", err)
	}
	for _, err := range []error{
		func() error { _, err := db.Account(ctx, 77); return err }(),
		func() error { _, err := db.AccountByLogin(ctx, "WANG"); return err }(),
		db.Grant(ctx, 77, site.Grant{Role: site.Editor, Site: 1}),
		db.Revoke(ctx, 77, site.Grant{Role: site.Editor, Site: 1}),
	} {
		if !errors.Is(err, errs.NotFound) {
			t.Errorf("nobody: got %v", err)
		}
	}
	var objects []string
	if err := db.Audit(ctx, AuditQuery{}, func(e *site.Entry) error { objects = append(objects, e.Object); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(objects, []string{"account:1"}) {
		t.Errorf("audit log: got %v", objects)
	}
}

func TestGrants(t *testing.T) { forEach(t, grants) }

func grants(t *testing.T, db *DB) {
	ctx := t.Context()
	a := addAccount(t, db, "wang")
	editor, author := site.Grant{Role: site.Editor, Site: 4}, site.Grant{Role: site.Author, Site: 2}
	for _, g := range []site.Grant{editor, author} {
		if err := db.Grant(ctx, a.ID, g, site.Entry{By: 9, Action: "grant.add", Site: g.Site}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Grant(ctx, a.ID, editor, site.Entry{By: 9, Action: "grant.add"}); !errors.Is(err, errs.Exists) {
		t.Errorf("a role twice: got %v", err)
	}
	if got, err := db.Account(ctx, a.ID); err != nil || !slices.Equal(got.Grants, []site.Grant{author, editor}) || got.Version != 3 {
		t.Errorf("roles: got %+v, %v", got, err)
	}
	if err := db.Revoke(ctx, a.ID, editor, site.Entry{By: 9, Action: "grant.remove", Site: 4}); err != nil {
		t.Fatal(err)
	}
	if err := db.Revoke(ctx, a.ID, editor, site.Entry{By: 9, Action: "grant.remove"}); !errors.Is(err, errs.NotFound) {
		t.Errorf("a role that is gone: got %v", err)
	}
	if got, err := db.Account(ctx, a.ID); err != nil || !slices.Equal(got.Grants, []site.Grant{author}) {
		t.Errorf("roles: got %+v, %v", got, err)
	}
	if lines, err := db.CheckAudit(ctx); lines != 3 || err != nil {
		t.Errorf("audit log: got %d lines, %v", lines, err)
	}
}

func TestAccountsAreListed(t *testing.T) { forEach(t, listed) }

func listed(t *testing.T, db *DB) {
	ctx := t.Context()
	for _, a := range []site.Account{
		{Login: "chen", Name: "陈", Home: 3},
		{Login: "a_b", Name: "李%", Home: 2},
		{Login: "wang", Name: "Wang", Home: 1},
	} {
		if _, err := db.SaveAccount(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	wang, err := db.AccountByLogin(ctx, "wang")
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Grant(ctx, wang.ID, site.Grant{Role: site.Viewer, Site: 3}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    AccountQuery
		want []string
	}{
		{AccountQuery{}, []string{"a_b", "chen", "wang"}},
		{AccountQuery{Limit: 2}, []string{"a_b", "chen"}},
		{AccountQuery{After: "chen"}, []string{"wang"}},
		{AccountQuery{Sites: []site.ID{3}}, []string{"chen", "wang"}},
		{AccountQuery{Sites: []site.ID{}}, nil},
		{AccountQuery{Text: "陈"}, []string{"chen"}},
		{AccountQuery{Text: "WAN"}, []string{"wang"}},
		{AccountQuery{Text: "%"}, []string{"a_b"}},
		{AccountQuery{Text: "_"}, []string{"a_b"}},
		{AccountQuery{Text: `\`}, nil},
	} {
		list, err := db.Accounts(ctx, c.q)
		var got []string
		for _, a := range list {
			got = append(got, a.Login)
			if n := len(a.Grants); n != 0 && a.Login != "wang" || n != 1 && a.Login == "wang" {
				t.Errorf("%+v: %s has %d roles", c.q, a.Login, n)
			}
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, %v, want %v", c.q, got, err, c.want)
		}
	}
}
