package content

import (
	"context"
	"time"

	"xianfeng/internal/site"
)

// Articles keeps articles for those who work on them. Package store has one.
type Articles interface {
	Article(ctx context.Context, id ArticleID) (Article, error)
	Revision(ctx context.Context, id ArticleID, n int) (Revision, error)
	Revisions(ctx context.Context, id ArticleID) ([]Revision, error) // newest first, without texts
	Articles(ctx context.Context, q Filter) ([]Article, error)
	Keep(ctx context.Context, e Edit) (Article, error)
}

// Edit is one change of an article, kept whole or not at all, with the tags of all pages that it changes.
type Edit struct {
	Article  Article   // as it is to be, Version as it was. ID 0: new. An older Version is a StaleError
	Revision *Revision // added as Article.Newest, or put in its place; nil: none
	Delete   bool      // the whole article, for good

	Push    []Placement // shown on these and all sites below
	Unpush  []site.ID   // shown there no longer
	Words   *Words      // of the live revision, where that changes
	Offer   *Offer      // offered, or answered; ID 0: new
	Remark  *Remark
	Entries []site.Entry // Object "": the article
}

// Trails tells where articles went.
type Trails interface {
	Remarks(ctx context.Context, id ArticleID) ([]Remark, error) // oldest first
	Placements(ctx context.Context, id ArticleID) ([]Placement, error)
	Copies(ctx context.Context, id ArticleID) ([]Article, error)
	ViewsOf(ctx context.Context, ids []ArticleID) (map[ArticleID]int64, error)
}

// Offers keeps what sites offer to the sites above.
type Offers interface {
	Offers(ctx context.Context, q OfferFilter) ([]Offer, error)
	// KeepOffer adds an offer (ID 0), or answers one that is open, else errs.Conflict.
	KeepOffer(ctx context.Context, o Offer, r *Remark, entries ...site.Entry) (Offer, error)
}

// Filter says which articles are wanted. Newest change first.
type Filter struct {
	Sites  []site.ID      // on these; nil: on all
	States []State        // in one of these; nil: in any. Published stands for all that are public
	Slug   string         // "": in any column
	Owner  site.AccountID // 0: anybody's
	Title  string         // a part of the title; "": any
	Due    time.Time      // only scheduled ones whose time has come; zero: no matter
	Ended  time.Time      // only public ones that expire until then; zero: no matter
	Swept  time.Time      // only those that were deleted until then; zero: only those that were not
	After  ArticleID      // only those with higher numbers, lowest first; for walking through all. 0: no matter
	Offset int
	Limit  int // 0: 50
}

// Placement is where an article is shown.
type Placement struct {
	Article ArticleID
	Site    site.ID
	Slug    string
	Below   bool // on all sites below as well
	By      site.AccountID
}

// OfferID is an offer's number.
type OfferID int64

// OfferState is what became of an offer.
type OfferState string

// The states.
const (
	OfferOpen      OfferState = "open"
	OfferTaken     OfferState = "taken"
	OfferDeclined  OfferState = "declined"
	OfferWithdrawn OfferState = "withdrawn"
)

// Offer is an article that was offered to a site above (报送).
type Offer struct {
	ID         OfferID
	Article    ArticleID
	N          int // the revision that is offered
	Title      string
	From, To   site.ID
	State      OfferState
	By         site.AccountID
	At         time.Time
	AnsweredBy site.AccountID
	Answered   time.Time
	Note       string
	Result     ArticleID // what came of it; 0: nothing
}

// OfferFilter says which offers are wanted. Newest first.
type OfferFilter struct {
	ID      OfferID   // 0: any
	Article ArticleID // 0: any
	To      []site.ID // nil: to any
	From    []site.ID // nil: from any
	State   OfferState
	Limit   int // 0: 50
}

// Trail is where an article went.
type Trail struct {
	Views      int64
	Placements []Placement
	Offers     []Offer
	Copies     []Copy // what other sites made of it
	Origin     *Copy  // what it was made of; nil: it is an original, or that is gone
}

// Copy is an article that stands on another site.
type Copy struct {
	Article ArticleID
	Site    site.ID
	Title   string
	State   State
	Public  bool
	Views   int64
}

// Words are the terms of an article, for the search.
type Words struct {
	Title string // terms of the title, marked as such
	Body  string // terms of title and text
}
