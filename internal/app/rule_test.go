package app

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"xianfeng/internal/content"
	"xianfeng/internal/signin"
)

// What a network decides is set without touching the database, and nothing is set that can't be.
func TestRulesAreSetFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	rule := func(o RuleOptions, set string) (string, error) {
		var out bytes.Buffer
		o.DataDir, o.Stdin, o.Stdout = dir, strings.NewReader(set), &out
		if set != "" {
			o.File = "-"
		}
		err := Rule(t.Context(), o)
		return out.String(), err
	}
	for _, x := range []struct{ name, set string }{
		{"health", `{"home": 10, "warn": 0.5}`},
		{"signin", `{"password": {"min": 12}, "lock": {"tries": 3}}`},
		{"calendar", `{"weekend": [0, 6], "off": ["2027-01-01"], "until": "2027-12-31"}`},
	} {
		if _, err := rule(RuleOptions{Name: x.name}, x.set); err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	for name, set := range map[string]string{
		"signin, too short": `{"password": {"min": 2}}`, "signin, misspelt": `{"pasword": {}}`, "health, misspelt": `{"hom": 3}`, "health, never": `{"warn": 0}`,
		"health, two": `{} {}`, "calendar, no date": `{"off": ["1 January"]}`, "calendar, never": `{"weekend": [0, 1, 2, 3, 4, 5, 6]}`, "holidays": `{}`, "health, no JSON": `home: 3`,
	} {
		what, _, _ := strings.Cut(name, ",")
		if _, err := rule(RuleOptions{Name: what}, set); err == nil {
			t.Errorf("%s: %s is taken", name, set)
		}
	}
	shown, err := rule(RuleOptions{Name: "health"}, "")
	var h content.Rules
	if err == nil {
		err = json.Unmarshal([]byte(shown), &h)
	}
	if err != nil || h.Home != 10 || h.Warn != 0.5 || h.Stale != content.DefaultRules().Stale {
		t.Errorf("health: got %s, %v", shown, err)
	}
	if shown, err := rule(RuleOptions{Name: "calendar"}, ""); err != nil || !strings.Contains(shown, "2027-01-01") {
		t.Errorf("calendar: got %s, %v", shown, err)
	}
	if _, err := rule(RuleOptions{Name: "signin", Reset: true}, ""); err != nil {
		t.Error(err)
	}
	var s signin.Rules
	if shown, err = rule(RuleOptions{Name: "signin"}, ""); err == nil {
		err = json.Unmarshal([]byte(shown), &s)
	}
	if err != nil || s.Password.Min != signin.DefaultRules().Password.Min {
		t.Errorf("signin, as usual again: got %s, %v", shown, err)
	}
}
