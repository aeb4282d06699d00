package recordings_test

import (
	"encoding/json"
	"testing"

	"xianfeng/recordings"
)

func encoded(t *testing.T, it *recordings.Item) []byte {
	t.Helper()
	b, err := json.Marshal(it)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
