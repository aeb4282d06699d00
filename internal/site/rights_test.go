package site

import (
	"slices"
	"strings"
	"testing"
)

// rightsTable is the whole of the rights once more, as people would write it down: a whole right, an "own"
// for what one made oneself, a "-" for none. It is here so that nobody changes the matrix by accident.
const rightsTable = `
               operator administrator editor author reviewer moderator viewer
EnterConsole   all      all           all    all    all      all       all
ReadDraft      -        all           all    own    all      -         all
Write          -        all           all    own    -        -         -
Submit         -        all           all    own    -        -         -
Publish        -        all           all    -      all      -         -
Review         -        all           all    -      all      -         -
PushDown       -        all           all    -      -        -         -
OfferUp        -        all           all    -      -        -         -
TakeOffer      -        all           all    -      -        -         -
ManageColumns  -        all           all    -      -        -         -
ManageSite     -        all           -      -      -        -         -
ManageTree     -        all           -      -      -        -         -
ManagePeople   -        all           -      -      -        -         -
ReadAudit      -        all           -      -      -        -         -
ReadStats      -        all           all    -      all      -         all
Broadcast      all      all           all    -      -        -         -
Moderate       -        all           all    -      -        all       -
OperateMachine all      -             -      -      -        -         -
`

func TestRightsMatrix(t *testing.T) {
	tree := mustTree(t, county())
	lines := strings.Split(strings.TrimSpace(rightsTable), "\n")
	roles := strings.Fields(lines[0])
	if len(roles) != len(Roles) {
		t.Fatalf("the table has %d roles, there are %d", len(roles), len(Roles))
	}
	if got, want := len(lines)-1, int(numActions)-1; got != want {
		t.Fatalf("the table has %d actions, there are %d", got, want)
	}
	const me, other = 10, 11
	for i, line := range lines[1:] {
		cells := strings.Fields(line)
		act := Action(i + 1)
		for k, cell := range cells[1:] {
			who := Who{Account: me, Grants: []Grant{{Role(roles[k]), 4}}} // on the county
			for _, at := range []struct {
				site  ID
				below bool
			}{{4, true}, {5, true}, {6, true}, {8, true}, {2, false}, {1, false}, {3, false}, {99, false}} {
				for _, owner := range []AccountID{me, other, 0} {
					want := at.below && (cell == "all" || cell == "own" && owner == me)
					if got := tree.May(who, act, Object{at.site, owner}); got != want {
						t.Errorf("%s with a role on the county: %s at site %d, owner %d: got %v, want %v", roles[k], cells[0], at.site, owner, got, want)
					}
				}
			}
		}
	}
}

func TestNobodyMayNothing(t *testing.T) {
	tree := mustTree(t, county())
	for act := Action(0); act <= numActions+1; act++ {
		for name, who := range map[string]Who{
			"a visitor":           {},
			"without grants":      {Account: 3},
			"an unknown role":     {Account: 3, Grants: []Grant{{"king", 1}}},
			"a site that is gone": {Account: 3, Grants: []Grant{{Administrator, 99}}},
			"grants but nobody":   {Grants: []Grant{{Administrator, 1}}},
			"disabled":            (&Account{ID: 3, Disabled: true, Grants: []Grant{{Administrator, 1}}}).Who(),
		} {
			if tree.May(who, act, Object{Site: 6, Owner: 3}) {
				t.Errorf("%s may do action %d", name, act)
			}
		}
	}
}

func TestNobodyGrantsMoreThanTheyHave(t *testing.T) {
	tree := mustTree(t, county())
	admin := Who{Account: 1, Grants: []Grant{{Administrator, 4}}}
	operator := Who{Account: 2, Grants: []Grant{{Operator, 4}}}
	editor := Who{Account: 3, Grants: []Grant{{Editor, 4}}}
	for _, c := range []struct {
		name string
		who  Who
		g    Grant
		want bool
	}{
		{"administrator, below", admin, Grant{Administrator, 6}, true},
		{"administrator, same", admin, Grant{Editor, 4}, true},
		{"administrator, above", admin, Grant{Viewer, 2}, false},
		{"administrator, beside", admin, Grant{Viewer, 3}, false},
		{"administrator makes operators", admin, Grant{Operator, 6}, false},
		{"operator makes operators", operator, Grant{Operator, 6}, true},
		{"operator makes editors", operator, Grant{Editor, 6}, false},
		{"editor", editor, Grant{Author, 6}, false},
		{"unknown role", admin, Grant{"king", 6}, false},
	} {
		if got := tree.MayGrant(c.who, c.g); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestReachIsTheHighest(t *testing.T) {
	tree := mustTree(t, county())
	who := Who{Account: 1, Grants: []Grant{{Editor, 6}, {Editor, 4}, {Viewer, 1}, {Editor, 3}, {Editor, 99}}}
	var got []ID
	for _, n := range tree.Reach(who, Publish) {
		got = append(got, n.ID)
	}
	if want := []ID{4, 3}; !slices.Equal(got, want) {
		t.Errorf("sites to publish on: got %v, want %v", got, want)
	}
}
