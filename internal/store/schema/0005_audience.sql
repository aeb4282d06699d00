-- +goose Up

-- Screens of village halls. Secrets are kept as SHA-256 in hex, '': there is none.
CREATE TABLE terminals (
  id {{.ID}},
  site_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  by_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  signed BIGINT NOT NULL DEFAULT 0, -- when a screen took the code
  seen BIGINT NOT NULL DEFAULT 0,
  code TEXT NOT NULL DEFAULT '',
  expires BIGINT NOT NULL DEFAULT 0, -- of the code
  token TEXT NOT NULL DEFAULT ''
);
CREATE INDEX terminals_site ON terminals (site_id);
CREATE UNIQUE INDEX terminals_code ON terminals (code) WHERE code <> '';
CREATE UNIQUE INDEX terminals_token ON terminals (token) WHERE token <> '';

-- Who signed in before which screen at a broadcast.
CREATE TABLE attendees (
  id {{.ID}},
  broadcast_id BIGINT NOT NULL,
  terminal_id BIGINT NOT NULL,
  site_id BIGINT NOT NULL,
  account_id BIGINT NOT NULL DEFAULT 0,
  name TEXT NOT NULL,
  phone TEXT NOT NULL DEFAULT '',
  device TEXT NOT NULL, -- SHA-256 in hex
  at BIGINT NOT NULL,
  UNIQUE (broadcast_id, terminal_id, device)
);
CREATE INDEX attendees_at ON attendees (at);

-- How long which screen showed a broadcast. The terminal may be gone; its name stays.
CREATE TABLE showings (
  broadcast_id BIGINT NOT NULL,
  terminal_id BIGINT NOT NULL,
  site_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  millis BIGINT NOT NULL DEFAULT 0,
  began BIGINT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (broadcast_id, terminal_id)
);

-- What viewers write beside the player. A change of a line gives it a new number in its broadcast.
CREATE TABLE chat_lines (
  id {{.ID}},
  broadcast_id BIGINT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  by_id BIGINT NOT NULL DEFAULT 0,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  state TEXT NOT NULL, -- waiting, shown, removed
  UNIQUE (broadcast_id, seq)
);

-- +goose Down
DROP TABLE chat_lines;
DROP TABLE showings;
DROP TABLE attendees;
DROP TABLE terminals;
