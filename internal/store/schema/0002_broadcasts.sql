-- +goose Up

-- Synchronised broadcasts: on a site and all sites below, one row for however many. They take the place of cards.
CREATE TABLE broadcasts (
  id {{.ID}},
  site_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  summary TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL, -- stream, channel, item
  source TEXT NOT NULL,
  state TEXT NOT NULL, -- planned, onair, ended, cancelled
  announce BIGINT NOT NULL DEFAULT 0,
  starts BIGINT NOT NULL, -- as planned
  ends BIGINT NOT NULL DEFAULT 0,
  began BIGINT NOT NULL DEFAULT 0, -- as it was
  ended BIGINT NOT NULL DEFAULT 0,
  profile TEXT NOT NULL DEFAULT 'normal', -- low, normal, weak
  delay BIGINT NOT NULL DEFAULT 0, -- D in milliseconds, once it is on air
  slate_before TEXT NOT NULL DEFAULT '',
  slate_after TEXT NOT NULL DEFAULT '',
  chat TEXT NOT NULL DEFAULT 'off', -- off, moderated, open
  record SMALLINT NOT NULL DEFAULT 0,
  replay TEXT NOT NULL DEFAULT '', -- the library's item
  urgent SMALLINT NOT NULL DEFAULT 0,
  by_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX broadcasts_site ON broadcasts (site_id, starts);
CREATE INDEX broadcasts_starts ON broadcasts (starts);
CREATE INDEX broadcasts_active ON broadcasts (state) WHERE state IN ('planned', 'onair');

INSERT INTO broadcasts (site_id, title, kind, source, state, starts, began, ended, delay, by_id, created, updated)
SELECT site_id, CASE WHEN title = '' THEN stream ELSE title END, 'stream', stream, CASE WHEN ended = 0 THEN 'onair' ELSE 'ended' END,
  began, began, ended, 3000, by_id, began, CASE WHEN ended = 0 THEN began ELSE ended END
FROM cards ORDER BY id;

DROP TABLE cards;

-- +goose Down
-- There is no way back: cards knew less.
SELECT 1;
