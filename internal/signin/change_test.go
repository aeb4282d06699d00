package signin_test

import (
	"testing"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

const boss = site.AccountID(3)

// administrator signs somebody in who administers a site.
func (b *bench) administrator(grants ...site.Grant) *signin.Visit {
	b.t.Helper()
	b.store.Put(site.Account{ID: boss, Login: "boss", Name: "管理员", Home: 1, Grants: grants})
	if err := b.FirstPassword(b.t.Context(), boss, wangs, false); err != nil {
		b.t.Fatal(err)
	}
	return b.mustVisit(b.mustIn("boss", wangs, from("192.0.2.200")).Token)
}

func TestAdministratorAboveResets(t *testing.T) {
	b := newBench(t, nil)
	v := b.administrator(site.Grant{Role: site.Administrator, Site: homeSite})
	in := b.mustIn("wang", wangs, from("192.0.2.1"))
	a := phone()
	b.enrol(a, "")
	_, _, in = b.withSecond(in.Token)
	temporary, err := b.ResetFor(t.Context(), v, wang)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.visit(in.Token)
	b.wants("the session before", err, errs.NotFound)
	if in := b.mustIn("wang", temporary, from("192.0.2.1")); in.Half == "" {
		t.Error("the second factor went with the password")
	}
	if err := b.DropFactorsFor(t.Context(), v, wang); err != nil {
		t.Fatal(err)
	}
	if in := b.mustIn("wang", temporary, from("192.0.2.1")); b.mustVisit(in.Token).Need != signin.NeedPassword {
		t.Error("a temporary password need not be changed")
	}
	sealed, answer := b.ask(a)
	_, err = b.WithPasskey(t.Context(), sealed, answer, from("192.0.2.1"))
	b.wants("the passkey", err, signin.ErrRefused)
	if err := b.EndSessionsFor(t.Context(), v, wang, ""); err != nil {
		t.Fatal(err)
	}
	if list, err := b.Sessions(t.Context(), wang); err != nil || len(list) != 0 {
		t.Errorf("sessions afterwards: %v, %v", list, err)
	}
}

func TestOnlyTheAdministratorAboveResets(t *testing.T) {
	for what, x := range map[string]struct {
		of     []site.Grant
		grants []site.Grant // of wang
		id     site.AccountID
	}{
		"of the neighbouring city":     {[]site.Grant{{Role: site.Administrator, Site: 3}}, nil, wang},
		"an editor":                    {[]site.Grant{{Role: site.Editor, Site: 1}}, nil, wang},
		"of an account with more":      {[]site.Grant{{Role: site.Administrator, Site: 2}}, []site.Grant{{Role: site.Viewer, Site: 1}}, wang},
		"of an operator's account":     {[]site.Grant{{Role: site.Administrator, Site: 2}}, []site.Grant{{Role: site.Operator, Site: 2}}, wang},
		"of their own account":         {[]site.Grant{{Role: site.Administrator, Site: 1}}, nil, boss},
		"of an account with old roles": {[]site.Grant{{Role: site.Administrator, Site: 2}}, []site.Grant{{Role: "emperor", Site: 2}}, wang},
	} {
		t.Run(what, func(t *testing.T) {
			b := newBench(t, nil)
			v := b.administrator(x.of...)
			b.store.Put(site.Account{ID: wang, Login: "wang", Home: homeSite, Grants: x.grants})
			_, err := b.ResetFor(t.Context(), v, x.id)
			b.wants("reset", err, errs.Denied)
			b.wants("factors", b.DropFactorsFor(t.Context(), v, x.id), errs.Denied)
			b.wants("sessions", b.EndSessionsFor(t.Context(), v, x.id, ""), errs.Denied)
			b.wants("link", b.LinkFor(t.Context(), v, x.id, "p", "s"), errs.Denied)
			b.wants("unlink", b.UnlinkFor(t.Context(), v, signin.Identity{Account: x.id}), errs.Denied)
			b.mustIn("wang", wangs, from("192.0.2.1"))
		})
	}
}

var cityAdministrator = site.Grant{Role: site.Administrator, Site: homeSite}
