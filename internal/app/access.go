package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"xianfeng/internal/config"
	"xianfeng/internal/keys"
)

// demoKey may publish in the demo, which is thrown away with all that it shows.
const demoKey = "demo-stream-key"

// keyFile keeps the key of a server for which none is configured.
const keyFile = "operator.key"

// setAccess puts the rules of the configuration into force. The operator's own key, from the data
// folder, always publishes and reads everything: a fresh server can be used without a file.
func (s *server) setAccess(a config.Access) error {
	key, err := s.operatorKey(a)
	if err != nil {
		return err
	}
	rules := []keys.Rule{{Key: key, Publish: []string{"*"}, Read: []string{"*"}}}
	if s.opts.Demo {
		rules = append(rules, keys.Rule{Key: demoKey, Publish: []string{"*"}})
	}
	for _, k := range a.Keys {
		rules = append(rules, keys.Rule{Key: k.Key, Publish: k.Publish, Read: k.Read})
	}
	s.keys.Set(a.Read, rules)
	return nil
}

// operatorKey returns the configured API key, else the one in the data folder, made at the first start.
func (s *server) operatorKey(a config.Access) (string, error) {
	if a.APIKey != "" {
		return a.APIKey, nil
	}
	name := s.dataFile(keyFile)
	b, err := os.ReadFile(name)
	if err == nil && len(strings.TrimSpace(string(b))) >= 8 {
		return strings.TrimSpace(string(b)), nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("read the operator's key: %w", err)
	}
	key := strings.ToLower(rand.Text())
	if err := os.WriteFile(name, []byte(key+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the operator's key: %w", err)
	}
	return key, nil
}
