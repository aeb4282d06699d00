-- +goose Up

-- How the front page of each site opened lately: of so many tries so many were slow.
CREATE TABLE openings (
  site_id BIGINT PRIMARY KEY,
  tries INTEGER NOT NULL,
  slow INTEGER NOT NULL,
  last BIGINT NOT NULL
);

-- +goose Down
DROP TABLE openings;
