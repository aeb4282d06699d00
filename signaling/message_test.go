package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"xianfeng/internal/errs"
)

func TestKindsOfFailure(t *testing.T) {
	for err, want := range map[error]string{
		errs.NotFound: KindNotFound, errs.Denied: KindDenied, errs.TooMany: KindTooMany, errs.Full: KindFull, errs.Conflict: KindConflict, errs.Exists: KindExists,
		errs.TooLarge: KindTooLarge, errs.Invalid: KindInvalid, errors.New("disk on fire"): KindServer,
	} {
		if kind, why := KindOf(fmt.Errorf("open /secret/path: %w", err)); kind != want || why == "" || kind != KindInvalid && bytes.Contains([]byte(why), []byte("secret")) {
			t.Errorf("%v: got %s, %s; want %s", err, kind, why, want)
		}
	}
	if kind, why := KindOf(errs.Problems{{Field: "text", Code: "long", Value: "200"}}); kind != KindInvalid || why != "text: long (200)" {
		t.Errorf("got %s, %s", kind, why)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"t":"hello","v":1,"token":"abc"}`, `{"t":"time","a":12345.678}`, `{"t":"sub","id":1,"topic":"site:51","since":7}`,
		`{"t":"do","id":2,"kind":"chat","body":{"text":"你好"}}`, `{"t":"unsub","topic":"x:y"}`, `{"t":"sub","since":-1}`, `{"T":"TIME","A":1}`, `[]`, ` {"t":"x"} `,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Parse(b)
		if err != nil {
			if !errors.Is(err, errShape) {
				t.Errorf("%q: got %v", b, err)
			}
			return
		}
		if r.Type == "" || len(r.Topic) > MaxTopic || len(r.Kind) > MaxKind || len(r.Token) > MaxToken || r.ID > MaxNumber {
			t.Errorf("%q: got %+v", b, r)
		}
		again, err := json.Marshal(r)
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		s, err := Parse(again)
		if err != nil || s.Type != r.Type || s.ID != r.ID || s.Topic != r.Topic || s.A != r.A {
			t.Errorf("%q: read again: got %+v, %v; want %+v", b, s, err, r)
		}
	})
}
