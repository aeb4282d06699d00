package store

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"xianfeng/internal/site"
	"xianfeng/signaling/broadcast"
	"xianfeng/signaling/broadcast/keeptest"
)

func TestKeepsBroadcasts(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *DB{"sqlite": openLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			keeptest.Run(t, func(t *testing.T) (broadcast.Keeper, func() []string) {
				db := open(t)
				return db, tagsOf(db)
			})
		})
	}
}

func TestBroadcastsAreInTheLog(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		b := broadcast.Broadcast{Site: 1, Title: "x", State: broadcast.Planned, Starts: at, Created: at, Updated: at}
		c := broadcast.Change{Broadcast: b, Entries: []site.Entry{{By: 7, Site: 1, Action: "broadcast.plan", Detail: "{}"}}}
		kept, err := db.KeepBroadcast(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		var object string
		if err := db.row(t.Context(), "SELECT object FROM audit WHERE action = 'broadcast.plan'").Scan(&object); err != nil || object != broadcast.Tag(kept.ID) {
			t.Errorf("got %q, %v, want %q", object, err, broadcast.Tag(kept.ID))
		}
	})
}

// TestCardsBecomeBroadcasts: what an older program showed goes on being shown.
func TestCardsBecomeBroadcasts(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { cardsBecome(t, "sqlite:"+filepath.Join(t.TempDir(), "network.db")) })
	t.Run("postgres", func(t *testing.T) { cardsBecome(t, newPostgres(t)) })
}

func cardsBecome(t *testing.T, address string) {
	ctx := t.Context()
	db := openAt(t, address)
	for _, statement := range []string{"DROP TABLE broadcasts", "DELETE FROM goose_db_version WHERE version_id > 1"} {
		if _, err := db.write.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	files, err := render(db.d)
	if err != nil {
		t.Fatal(err)
	}
	old, err := files.Open("0001_network.sql")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	whole := new(strings.Builder)
	if _, err := io.Copy(whole, old); err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(whole.String(), "CREATE TABLE cards")
	table, _, _ := strings.Cut(rest, ";")
	if _, err := db.write.Exec("CREATE TABLE cards" + table); err != nil {
		t.Fatal(err)
	}
	if _, err := db.write.Exec("INSERT INTO cards (site_id, stream, title, by_id, began, ended) VALUES (3, 'hall', '', 7, 1000, 0), (4, 'yard', '会', 8, 2000, 5000)"); err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(db.d.goose(), db.write, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(ctx, 2); err != nil {
		t.Fatal(err)
	}
	got, err := db.Broadcasts(ctx, broadcast.Filter{})
	if err != nil || len(got) != 2 {
		t.Fatalf("got %+v, %v", got, err)
	}
	ms := func(n int64) time.Time { return time.UnixMilli(n).UTC() }
	want := broadcast.Broadcast{
		ID: got[0].ID, Site: 3, Title: "hall", Source: broadcast.Source{Kind: broadcast.Stream, Name: "hall"}, State: broadcast.OnAir, Starts: ms(1000), Began: ms(1000),
		Profile: broadcast.Normal, Delay: 3 * time.Second, Chat: broadcast.ChatOff, By: 7, Created: ms(1000), Updated: ms(1000), Version: 1,
	}
	if got[0] != want {
		t.Errorf("the open one: got %+v\nwant %+v", got[0], want)
	}
	if b := got[1]; b.Title != "会" || b.State != broadcast.Ended || b.Ended != ms(5000) || b.By != 8 {
		t.Errorf("the one that was over: got %+v", b)
	}
}
