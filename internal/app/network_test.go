package app

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"xianfeng/internal/config"
	"xianfeng/internal/site"
)

func TestServerKeepsItsNetworkInTheDataFolder(t *testing.T) {
	s, _ := begin(t, "", nil)
	if _, err := os.Stat(s.dataFile(databaseFile)); err != nil {
		t.Error(err)
	}
	if got := s.network.zone.String(); got != "Asia/Shanghai" {
		t.Errorf("time zone: got %s, want Asia/Shanghai", got)
	}
	var told [][]string
	s.network.listen(func(tags []string) { told = append(told, tags) })
	if _, err := s.network.sites.Save(t.Context(), site.Change{Sites: []site.Site{{Code: "51", Level: site.Province, Name: "省"}}, Tags: []string{"network"}}); err != nil {
		t.Fatal(err)
	}
	// By the database, of the standard columns, by the database and when they are new, and when the tree is the new one.
	if len(told) != 4 || told[0][0] != "network" || told[3][0] != "network" {
		t.Errorf("told: got %v, want network, the columns twice, network", told)
	}
}

func TestOpenServerHasNoDatabase(t *testing.T) {
	s, _ := begin(t, "database: 'sqlite:/nowhere/at/all'\n", func(o *Options) { o.Open = true })
	if _, err := os.Stat(s.dataFile(databaseFile)); !errors.Is(err, os.ErrNotExist) || s.network != nil {
		t.Errorf("a server for media only opened a database: %v", err)
	}
}

func TestDemoLeavesTheConfiguredDatabaseAlone(t *testing.T) {
	s, _ := begin(t, "database: 'sqlite:/nowhere/at/all'\n", func(o *Options) { o.Demo = true })
	if _, err := os.Stat(s.dataFile(databaseFile)); err != nil {
		t.Error(err)
	}
}

func TestDatabaseErrorsDoNotRepeatThePassword(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for _, address := range []string{"postgres://me:geheim@127.0.0.1:1/x", "postgres://me:geheim@127.0.0.1:1/x?sslmode=wrong"} {
		cfg := config.Default()
		cfg.Database = address
		if _, err := openNetwork(ctx, &cfg, t.TempDir(), slog.New(slog.DiscardHandler)); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("got %v, want an error without the password", err)
		}
	}
}
