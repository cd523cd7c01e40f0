import { DETAIL_FIELDS } from './request-detail.js';

/** The layout of the ledger's tables. A later release adds the statements that lead from one version to the next. */
export const LEDGER_VERSION = 1;

/**
 * `requests` is kept in the order of time without a rowid: one B-tree a row, where an id of its own and indexes would
 * make three. What nobody filters by is a JSON array in `detail`. `usage_hourly` keeps the sums when the rows are gone.
 */
export const LEDGER_TABLES = `
CREATE TABLE requests (
  time INTEGER NOT NULL,      -- unix milliseconds of arrival
  id TEXT NOT NULL,
  key_id TEXT NOT NULL,
  customer TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  status INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  cost_nano INTEGER,          -- null: no price known
  detail TEXT NOT NULL,
  PRIMARY KEY (time, id)
) WITHOUT ROWID;

CREATE VIEW requests_readable AS SELECT
  time, id, key_id, customer, model, provider, status, outcome, cost_nano,
  ${DETAIL_FIELDS.map((field, i) => `detail ->> ${i} AS ${field}`).join(',\n  ')}
FROM requests;

CREATE TABLE usage_hourly (
  hour INTEGER NOT NULL,      -- hours since 1970 in UTC
  key_id TEXT NOT NULL,
  customer TEXT NOT NULL,
  model TEXT NOT NULL,
  provider TEXT NOT NULL,
  key_name TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  unpriced_requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano INTEGER NOT NULL,
  PRIMARY KEY (hour, key_id, customer, model, provider)
) WITHOUT ROWID;
CREATE INDEX usage_hourly_by_key ON usage_hourly (key_id, hour);

CREATE TABLE spool_position (segment TEXT PRIMARY KEY, done INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger_counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO ledger_counts VALUES ('requests', 0);
`;
