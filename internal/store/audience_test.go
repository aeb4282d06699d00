package store

import (
	"testing"

	"xianfeng/signaling/audience"
	"xianfeng/signaling/audience/keeptest"
)

func TestKeepsTheAudience(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *DB{"sqlite": openLite, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			keeptest.Run(t, func(t *testing.T) (audience.Keeper, func() []string) {
				db := open(t)
				return db, tagsOf(db)
			})
		})
	}
}

// tagsOf returns what returns the tags that db has told since the last time.
func tagsOf(db *DB) func() []string {
	told := make(chan string, 1000)
	db.Listen(func(tags []string) {
		for _, tag := range tags {
			told <- tag
		}
	})
	return func() (tags []string) {
		for len(told) > 0 {
			tags = append(tags, <-told)
		}
		return tags
	}
}
