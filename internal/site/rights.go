package site

import (
	"cmp"
	"slices"
)

// Role is what somebody is on a part of the tree.
type Role string

// The roles. A role is granted on a site and holds for all below it.
const (
	Operator      Role = "operator"      // machines, streams, backups: no content
	Administrator Role = "administrator" // sites, people, looks, and whatever an editor may
	Editor        Role = "editor"        // everything that is published
	Author        Role = "author"        // writes, and sends to review
	Reviewer      Role = "reviewer"      // approves or sends back
	Moderator     Role = "moderator"     // what visitors write
	Viewer        Role = "viewer"        // sees what is not public, changes nothing
)

// Roles are all roles, in the order in which they are shown.
var Roles = []Role{Administrator, Editor, Author, Reviewer, Moderator, Viewer, Operator}

// Action is something that needs a right.
type Action uint8

// The actions.
const (
	EnterConsole   Action = iota + 1
	ReadDraft             // see what is not published
	Write                 // make an article, or change one
	Submit                // send an article to review
	Publish               // publish, approve, schedule, withdraw
	Review                // send back, with a reason
	PushDown              // publish to the subtree
	OfferUp               // offer an article to the site above
	TakeOffer             // take or decline what was offered
	ManageColumns         // columns, links
	ManageSite            // its look, contacts, blocks
	ManageTree            // make, move, rename, close sites; import
	ManagePeople          // accounts and grants
	ReadAudit             //
	ReadStats             //
	Broadcast             // put a broadcast card on the sites of the subtree
	Moderate              // what visitors write
	OperateMachine        // streams, sources, backups
	numActions
)

// How far an action goes.
const (
	own = iota + 1 // on what the person made themself
	all
)

// matrix is the whole of the rights; what is not in it is not allowed.

var matrix = map[Role][numActions]uint8{
	Operator: {EnterConsole: all, OperateMachine: all, Broadcast: all},
	Administrator: {
		EnterConsole: all, ReadDraft: all, Write: all, Submit: all, Publish: all, Review: all, PushDown: all, OfferUp: all, TakeOffer: all,
		ManageColumns: all, ManageSite: all, ManageTree: all, ManagePeople: all, ReadAudit: all, ReadStats: all, Broadcast: all, Moderate: all,
	},
	Editor: {
		EnterConsole: all, ReadDraft: all, Write: all, Submit: all, Publish: all, Review: all, PushDown: all, OfferUp: all, TakeOffer: all,
		ManageColumns: all, ReadStats: all, Broadcast: all, Moderate: all,
	},
	Author:    {EnterConsole: all, ReadDraft: own, Write: own, Submit: own},
	Reviewer:  {EnterConsole: all, ReadDraft: all, Publish: all, Review: all, ReadStats: all},
	Moderator: {EnterConsole: all, Moderate: all},
	Viewer:    {EnterConsole: all, ReadDraft: all, ReadStats: all},
}

// Who is somebody who asks to do something: an account with its grants. The zero value is a visitor, who
// may do nothing that needs a right.
type Who struct {
	Account AccountID
	Grants  []Grant
}

// Grant is a role on a subtree.
type Grant struct {
	Role Role
	Site ID
}

// Object is what something is done to. Owner is who made it; 0: nobody, or it does not matter.
type Object struct {
	Site  ID
	Owner AccountID
}

// May reports whether who may do act on what. It is the one place where rights are decided.
func (t *Tree) May(who Who, act Action, what Object) bool {
	if who.Account == 0 || act == 0 || act >= numActions {
		return false
	}
	at := t.byID[what.Site]
	if at == nil {
		return false
	}
	for _, g := range who.Grants {
		above := t.byID[g.Site]
		if above == nil || !at.Under(above) {
			continue
		}
		switch matrix[g.Role][act] {
		case all:
			return true
		case own:
			if what.Owner == who.Account {
				return true
			}
		}
	}
	return false
}

// MayGrant reports whether who may give or take a role on a site: who manages the people there, and only
// up to what they are themself. Machines are handed on by their operators.
func (t *Tree) MayGrant(who Who, g Grant) bool {
	if g.Role == Operator {
		return t.May(who, OperateMachine, Object{Site: g.Site})
	}
	_, known := matrix[g.Role]
	return known && t.May(who, ManagePeople, Object{Site: g.Site})
}

// Reach returns the highest sites on which who may do act to what others made, depth first; none of them
// is below another. It costs a look at each grant, not at each site.
func (t *Tree) Reach(who Who, act Action) []*Node {
	var found []*Node
	for _, g := range who.Grants {
		if n := t.byID[g.Site]; n != nil && who.Account != 0 && matrix[g.Role][act] == all {
			found = append(found, n)
		}
	}
	slices.SortFunc(found, func(a, b *Node) int { return cmp.Compare(a.at, b.at) })
	var out []*Node
	for _, n := range found {
		if len(out) == 0 || !n.Under(out[len(out)-1]) {
			out = append(out, n)
		}
	}
	return out
}
