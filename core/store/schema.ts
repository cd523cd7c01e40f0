/** The layout of the ledger's tables. */
export const LEDGER_VERSION = 2;

/** Blocks of fewer records are worth merging. Part of an index: another number needs another one. */
export const SMALL_BLOCK = 64;

/**
 * `request_blocks` has the settled records, a batch a row: `data` is what `openBatch` reads. Many records a row, because
 * a row costs the database as much as a hundred records cost us. Both indexes hold all that a search by time needs.
 */
const BLOCKS = `
CREATE TABLE request_blocks (
  id INTEGER PRIMARY KEY,
  first_ms INTEGER NOT NULL,  -- arrival of the earliest and the latest request, unix milliseconds
  last_ms INTEGER NOT NULL,
  records INTEGER NOT NULL,
  checksum INTEGER NOT NULL,  -- CRC-32 of data
  data BLOB NOT NULL
);
CREATE INDEX request_blocks_by_last ON request_blocks (last_ms, first_ms);
CREATE INDEX request_blocks_by_first ON request_blocks (first_ms, last_ms);
CREATE INDEX request_blocks_small ON request_blocks (last_ms, records) WHERE records < ${SMALL_BLOCK};
`;

/** `usage_hourly` keeps the sums when the records are gone. `ledger_counts` knows how many records there are. */
const NEW_LEDGER = `${BLOCKS}
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

/**
 * What brings a database of that version to this one; 0 is an empty one. The rows of version 1 stay where they are for
 * now: `OldRequests` moves them while the gateway serves.
 */
export const LEDGER_STEPS: Readonly<Record<number, string>> = {
  0: NEW_LEDGER,
  1: `${BLOCKS} DROP VIEW requests_readable;`,
};
