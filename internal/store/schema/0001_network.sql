-- +goose Up

-- Times are milliseconds since 1970, 0: never. Flags are 0 and 1.

-- Sites, and what once led to them.
CREATE TABLE sites (
  id {{.ID}},
  parent_id BIGINT NOT NULL DEFAULT 0,
  code TEXT NOT NULL UNIQUE,
  level SMALLINT NOT NULL,
  name TEXT NOT NULL,
  short TEXT NOT NULL DEFAULT '',
  host TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'active',
  look TEXT NOT NULL DEFAULT '{}',
  about TEXT NOT NULL DEFAULT '{}',
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX sites_host ON sites (host) WHERE host <> '';

CREATE TABLE site_aliases (
  kind TEXT NOT NULL, -- code, host
  name TEXT NOT NULL,
  site_id BIGINT NOT NULL,
  PRIMARY KEY (kind, name)
);

-- Sites that were moved and whose articles the search still finds at their old place. A site that is moved
-- again meanwhile has another version.
CREATE TABLE moves (
  site_id BIGINT PRIMARY KEY,
  version BIGINT NOT NULL
);

-- People and their rights.
CREATE TABLE accounts (
  id {{.ID}},
  login TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  email TEXT NOT NULL DEFAULT '',
  phone TEXT NOT NULL DEFAULT '',
  home_id BIGINT NOT NULL,
  disabled SMALLINT NOT NULL DEFAULT 0,
  created BIGINT NOT NULL,
  seen BIGINT NOT NULL DEFAULT 0,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX accounts_home ON accounts (home_id);

CREATE TABLE grants (
  account_id BIGINT NOT NULL,
  role TEXT NOT NULL,
  site_id BIGINT NOT NULL,
  PRIMARY KEY (account_id, role, site_id)
);
CREATE INDEX grants_site ON grants (site_id);

-- What they sign in with. Tokens are kept as SHA-256, passwords as argon2id.
CREATE TABLE credentials (
  account_id BIGINT PRIMARY KEY,
  password TEXT NOT NULL DEFAULT '', -- PHC string; '': can't sign in with one
  old TEXT NOT NULL DEFAULT '[]', -- those before it, newest first
  changed BIGINT NOT NULL DEFAULT 0,
  must_change SMALLINT NOT NULL DEFAULT 0,
  totp {{.Blob}}, -- sealed; NULL: none
  totp_step BIGINT NOT NULL DEFAULT 0, -- the newest one that was used: no code is good twice
  recovery TEXT NOT NULL DEFAULT '[]' -- hashes of the codes that are left
);

CREATE TABLE failures ( -- what failed in a row; the keys are hashes
  key TEXT PRIMARY KEY,
  n INTEGER NOT NULL,
  last BIGINT NOT NULL
);
CREATE INDEX failures_last ON failures (last);

CREATE TABLE passkeys (
  id {{.Blob}} PRIMARY KEY,
  account_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  data TEXT NOT NULL,
  created BIGINT NOT NULL,
  used BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX passkeys_account ON passkeys (account_id);

CREATE TABLE identities ( -- of single sign-on
  issuer TEXT NOT NULL,
  subject TEXT NOT NULL,
  account_id BIGINT NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_account ON identities (account_id);

CREATE TABLE sessions (
  token {{.Blob}} PRIMARY KEY,
  public TEXT NOT NULL UNIQUE, -- names it in lists
  account_id BIGINT NOT NULL,
  created BIGINT NOT NULL,
  seen BIGINT NOT NULL,
  expires BIGINT NOT NULL,
  strong SMALLINT NOT NULL DEFAULT 0, -- by two factors
  remote TEXT NOT NULL DEFAULT '',
  agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_account ON sessions (account_id);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE resets (
  token {{.Blob}} PRIMARY KEY,
  account_id BIGINT NOT NULL,
  expires BIGINT NOT NULL
);

-- What was done. Lines are only added.
CREATE TABLE audit (
  seq BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  by_id BIGINT NOT NULL,
  remote TEXT NOT NULL,
  site_id BIGINT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  detail TEXT NOT NULL,
  hash {{.Blob}} NOT NULL
);
CREATE INDEX audit_site ON audit (site_id, seq);
CREATE INDEX audit_object ON audit (object, seq);

-- What changed, so that other processes throw away the pages that they keep.
CREATE TABLE changes (
  seq {{.ID}},
  origin TEXT NOT NULL, -- the process
  at BIGINT NOT NULL,
  tags TEXT NOT NULL -- separated by spaces
);

-- Whatever is data rather than code: password rules, checks of health, working days. The nearest site's holds.
CREATE TABLE settings (
  site_id BIGINT NOT NULL, -- 0: the whole network
  name TEXT NOT NULL,
  value TEXT NOT NULL, -- JSON
  PRIMARY KEY (site_id, name)
);

-- Columns (栏目), of a site or for all below it.
CREATE TABLE columns (
  id {{.ID}},
  site_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  name_en TEXT NOT NULL DEFAULT '',
  kind TEXT NOT NULL, -- text, album, produce
  position INTEGER NOT NULL DEFAULT 0,
  inherit SMALLINT NOT NULL DEFAULT 0,
  hidden SMALLINT NOT NULL DEFAULT 0,
  UNIQUE (site_id, slug)
);

-- Articles. Each save adds a revision; live_n is the one that visitors see, whose head is repeated in live.
-- An article is public while it has one; state is that of its newest revision.
CREATE TABLE articles (
  id {{.ID}},
  site_id BIGINT NOT NULL,
  slug TEXT NOT NULL, -- of the column
  kind TEXT NOT NULL,
  state TEXT NOT NULL, -- draft, review, scheduled, published, withdrawn
  owner_id BIGINT NOT NULL,
  head_n INTEGER NOT NULL,
  head_title TEXT NOT NULL,
  live_n INTEGER NOT NULL DEFAULT 0,
  live TEXT NOT NULL DEFAULT '', -- JSON: title, summary, cover, source, what its kind needs
  pinned SMALLINT NOT NULL DEFAULT 0,
  publish_at BIGINT NOT NULL DEFAULT 0, -- when it is scheduled for
  published BIGINT NOT NULL DEFAULT 0,
  expires BIGINT NOT NULL DEFAULT 0,
  origin_id BIGINT NOT NULL DEFAULT 0, -- the article of another site that it was taken from
  created BIGINT NOT NULL,
  updated BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX articles_site ON articles (site_id, state, updated);
CREATE INDEX articles_owner ON articles (owner_id, updated);
CREATE INDEX articles_state ON articles (state, updated);
CREATE INDEX articles_updated ON articles (updated);
CREATE INDEX articles_published ON articles (published, site_id) WHERE live_n > 0;
CREATE INDEX articles_due ON articles (publish_at) WHERE state = 'scheduled';
CREATE INDEX articles_expire ON articles (expires) WHERE live_n > 0 AND expires > 0;
CREATE INDEX articles_origin ON articles (origin_id) WHERE origin_id > 0;

CREATE TABLE revisions (
  article_id BIGINT NOT NULL,
  n INTEGER NOT NULL,
  title TEXT NOT NULL,
  head TEXT NOT NULL, -- JSON, as articles.live
  format TEXT NOT NULL, -- html, markdown
  text TEXT NOT NULL, -- as it was written
  body TEXT NOT NULL, -- clean HTML
  by_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (article_id, n)
);

-- Where an article is shown: on its own site, and pushed down (下发) to subtrees, one row for each subtree.
CREATE TABLE placements (
  article_id BIGINT NOT NULL,
  site_id BIGINT NOT NULL,
  slug TEXT NOT NULL,
  below SMALLINT NOT NULL, -- 1: on all sites below as well
  rank BIGINT NOT NULL, -- 0: not public; higher is earlier: time of publication, pinned ones far above
  by_id BIGINT NOT NULL,
  PRIMARY KEY (article_id, site_id)
);
CREATE INDEX placements_list ON placements (site_id, slug, below, rank, article_id);

-- Articles offered to a site above (报送).
CREATE TABLE offers (
  id {{.ID}},
  article_id BIGINT NOT NULL,
  n INTEGER NOT NULL,
  from_id BIGINT NOT NULL,
  to_id BIGINT NOT NULL,
  state TEXT NOT NULL, -- open, taken, declined, withdrawn
  by_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  answered_by BIGINT NOT NULL DEFAULT 0,
  answered BIGINT NOT NULL DEFAULT 0,
  note TEXT NOT NULL DEFAULT '',
  result_id BIGINT NOT NULL DEFAULT 0 -- the article that came of it
);
CREATE INDEX offers_to ON offers (to_id, state, at);
CREATE INDEX offers_article ON offers (article_id);

-- What was said about an article on its way: sent to review, sent back, and why.
CREATE TABLE remarks (
  id {{.ID}},
  article_id BIGINT NOT NULL,
  by_id BIGINT NOT NULL,
  at BIGINT NOT NULL,
  action TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE INDEX remarks_article ON remarks (article_id, at);

-- Pictures and attachments; their bytes lie in the data folder.
CREATE TABLE files (
  id TEXT PRIMARY KEY, -- random: who knows it may fetch it
  site_id BIGINT NOT NULL,
  owner_id BIGINT NOT NULL,
  kind TEXT NOT NULL, -- picture, attachment
  name TEXT NOT NULL,
  mime TEXT NOT NULL,
  size BIGINT NOT NULL,
  width INTEGER NOT NULL DEFAULT 0,
  height INTEGER NOT NULL DEFAULT 0,
  alt TEXT NOT NULL DEFAULT '',
  created BIGINT NOT NULL
);
CREATE INDEX files_site ON files (site_id, created);

-- Links to other sites, checked daily.
CREATE TABLE links (
  id {{.ID}},
  site_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  section TEXT NOT NULL DEFAULT '',
  position INTEGER NOT NULL DEFAULT 0,
  checked BIGINT NOT NULL DEFAULT 0,
  failing BIGINT NOT NULL DEFAULT 0, -- since when; 0: it works
  failures INTEGER NOT NULL DEFAULT 0, -- one after another; the second makes it broken
  reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX links_site ON links (site_id, position);
CREATE INDEX links_checked ON links (checked);
CREATE INDEX links_failing ON links (site_id) WHERE failures > 0;

-- Broadcast cards: a live stream on all sites of a subtree.
CREATE TABLE cards (
  id {{.ID}},
  site_id BIGINT NOT NULL,
  stream TEXT NOT NULL,
  title TEXT NOT NULL,
  by_id BIGINT NOT NULL,
  began BIGINT NOT NULL,
  ended BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX cards_site ON cards (ended, site_id);

-- How often things were looked at.
CREATE TABLE views (
  article_id BIGINT PRIMARY KEY,
  n BIGINT NOT NULL
);
CREATE TABLE daily (
  site_id BIGINT NOT NULL,
  day TEXT NOT NULL, -- 2026-11-23, in the network's time zone
  pages BIGINT NOT NULL,
  visitors BIGINT NOT NULL,
  PRIMARY KEY (site_id, day)
);
CREATE INDEX daily_day ON daily (day);

-- Words of what is public, as terms with spaces between: see internal/content/words.go. The number of a row
-- grows with publication, so that the newest hits are the last of every list of the index.
CREATE TABLE search_rows (
  id {{.ID}},
  article_id BIGINT NOT NULL UNIQUE
);
{{if .Postgres}}
CREATE TABLE search (
  id BIGINT PRIMARY KEY,
  words tsvector NOT NULL
);
CREATE INDEX search_words ON search USING GIN (words);
{{else}}
CREATE VIRTUAL TABLE search USING fts5 (
  words, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 tokenchars '_'"
);
{{end}}

-- +goose Down
-- There is no way back before the first.
SELECT 1;
