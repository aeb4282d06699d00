package store

import (
	"testing"
	"time"

	"xianfeng/internal/content"
)

func TestOpeningsAreKept(t *testing.T) {
	forEach(t, func(t *testing.T, db *DB) {
		at := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
		want := content.Opening{Site: 7, Tries: 21, Slow: 2, Last: at}
		for _, list := range [][]content.Opening{{{Site: 7, Tries: 20, Slow: 1, Last: at.Add(-time.Hour)}, {Site: 8, Tries: 1, Last: at}}, {want}, nil} {
			if err := db.Opened(t.Context(), list); err != nil {
				t.Fatal(err)
			}
		}
		got, err := db.Openings(t.Context())
		if err != nil || len(got) != 2 || got[7] != want {
			t.Errorf("got %+v, %v", got, err)
		}
	})
}
