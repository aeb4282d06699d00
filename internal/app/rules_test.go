package app

import (
	"encoding/json"
	"log/slog"
	"testing"

	"xianfeng/internal/config"
	"xianfeng/internal/signin"
)

func TestRulesOfSigningInHoldAtOnce(t *testing.T) {
	cfg, dir, log := config.Default(), t.TempDir(), slog.New(slog.DiscardHandler)
	n, err := openNetwork(t.Context(), &cfg, dir, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.db.Close() }) //nolint:errcheck // it was only for this
	service, err := n.signin(t.Context(), &cfg, dir, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(service.Close)
	n.listen(followRules(n.db, service, log))
	for _, x := range []struct {
		set  string
		want int
	}{{`{"password":{"min":14}}`, 14}, {`{"password":{"min":2}}`, 14}, {`[]`, 14}, {"", signin.DefaultRules().Password.Min}} {
		var value json.RawMessage
		if x.set != "" {
			value = json.RawMessage(x.set)
		}
		if err := n.db.SetSetting(t.Context(), 0, signin.Setting, value); err != nil {
			t.Fatal(err)
		}
		if got := service.Rules().Password.Min; got != x.want {
			t.Errorf("with %q: got %d characters, want %d", x.set, got, x.want)
		}
	}
}
