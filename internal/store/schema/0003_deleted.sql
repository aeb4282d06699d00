-- +goose Up

-- When an article was deleted, 0: it was not. It is kept for some time, so that it can be brought back.
ALTER TABLE articles ADD COLUMN deleted BIGINT NOT NULL DEFAULT 0;
CREATE INDEX articles_deleted ON articles (deleted) WHERE deleted > 0;

-- +goose Down
DROP INDEX articles_deleted;
ALTER TABLE articles DROP COLUMN deleted;
