package signin_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/errs"
	"xianfeng/internal/signin"
	"xianfeng/internal/site"
)

func TestRulesAreData(t *testing.T) {
	rules := signin.DefaultRules()
	text, err := json.Marshal(rules)
	if err != nil || !strings.Contains(string(text), `"idle":"30m0s"`) || !strings.Contains(string(text), `"forget":"24h0m0s"`) {
		t.Fatalf("written: %s, %v", text, err)
	}
	var again signin.Rules
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, rules) {
		t.Errorf("read back: got %+v, %v", again, err)
	}
	part := signin.DefaultRules()
	if err := json.Unmarshal([]byte(`{"password":{"min":12},"lock":{"tries":3,"wait":"5m"},"session":{"idle":"1h"},"secondFor":["administrator"]}`), &part); err != nil {
		t.Fatal(err)
	}
	want := signin.DefaultRules()
	want.Password.Min, want.Lock.Tries, want.Lock.Wait, want.Session.Idle = 12, 3, 5*time.Minute, time.Hour
	want.SecondFor = []site.Role{site.Administrator}
	if !reflect.DeepEqual(part, want) {
		t.Errorf("some of them: got %+v, want %+v", part, want)
	}
	if err := json.Unmarshal([]byte(`{"lock":{"wait":"soon"}}`), &part); err == nil {
		t.Error("a time that is none is taken")
	}
}

func TestRulesThatNobodyCanLiveWith(t *testing.T) {
	b := newBench(t, nil)
	for field, spoil := range map[string]func(*signin.Rules){
		"password.min":          func(r *signin.Rules) { r.Password.Min = 3 },
		"password.argon.memory": func(r *signin.Rules) { r.Password.Argon.Memory = 8 << 20 },
		"password.argon.lanes":  func(r *signin.Rules) { r.Password.Argon.Lanes = 0 },
		"lock.tries":            func(r *signin.Rules) { r.Lock.Tries = 0 },
		"lock.rate":             func(r *signin.Rules) { r.Lock.Rate = 0 },
		"session.absolute":      func(r *signin.Rules) { r.Session.Absolute = 0 },
		"session.idle":          func(r *signin.Rules) { r.Session.Idle = time.Second },
		"secondFor":             func(r *signin.Rules) { r.SecondFor = []site.Role{"emperor"} },
	} {
		r := signin.DefaultRules()
		spoil(&r)
		err := b.SetRules(r)
		var p errs.Problems
		if !errors.As(err, &p) || p[0].Field != field && p[len(p)-1].Field != field {
			t.Errorf("%s: got %v", field, err)
		}
	}
	b.mustIn("wang", wangs, from("192.0.2.1"))
}
