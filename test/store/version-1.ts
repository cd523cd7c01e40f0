import type { SettledRecord } from '@headgate/sdk';
import Database from 'libsql';

/** The tables as version 1 made them. */
const TABLES = `
CREATE TABLE headgate_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO headgate_schema VALUES ('ledger', 1);
CREATE TABLE requests (
  time INTEGER NOT NULL, id TEXT NOT NULL, key_id TEXT NOT NULL, customer TEXT NOT NULL, model TEXT NOT NULL,
  provider TEXT NOT NULL, status INTEGER NOT NULL, outcome TEXT NOT NULL, cost_nano INTEGER, detail TEXT NOT NULL,
  PRIMARY KEY (time, id)
) WITHOUT ROWID;
CREATE VIEW requests_readable AS SELECT time, id, detail ->> 0 AS operation FROM requests;
CREATE TABLE usage_hourly (
  hour INTEGER NOT NULL, key_id TEXT NOT NULL, customer TEXT NOT NULL, model TEXT NOT NULL, provider TEXT NOT NULL,
  key_name TEXT NOT NULL, requests INTEGER NOT NULL, errors INTEGER NOT NULL, unpriced_requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL, reasoning_tokens INTEGER NOT NULL, cost_nano INTEGER NOT NULL,
  PRIMARY KEY (hour, key_id, customer, model, provider)
) WITHOUT ROWID;
CREATE INDEX usage_hourly_by_key ON usage_hourly (key_id, hour);
CREATE TABLE spool_position (segment TEXT PRIMARY KEY, done INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE ledger_counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO ledger_counts VALUES ('requests', 0);
`;

/** Makes a database as version 1 left it, with the requests but without sums. */
export function version1(path: string, records: readonly SettledRecord[]): void {
  const db = new Database(path);
  db.exec(TABLES);
  db.exec('BEGIN');
  const insert = db.prepare(`INSERT INTO requests VALUES (${Array(10).fill('?').join(', ')})`);
  for (const record of records) insert.run(rowOf(record));
  db.prepare('UPDATE ledger_counts SET value = ?').run([records.length]);
  db.exec('COMMIT');
  db.close();
}

function rowOf(record: SettledRecord): unknown[] {
  const { usage } = record;
  const detail = [
    record.operation,
    record.format,
    record.stream,
    record.keyName,
    record.targetModel,
    record.error,
    record.cache,
    record.totalMs,
    record.firstByteMs,
    record.firstTokenMs,
    record.overheadUs,
    usage && [
      usage.inputTokens,
      usage.outputTokens,
      usage.cacheReadTokens,
      usage.cacheWriteTokens,
      usage.cacheWriteLongTokens,
      usage.reasoningTokens,
      usage.inputAudioTokens,
      usage.outputAudioTokens,
    ],
    record.attempts.map(({ provider, model, key, status, error, ms }) => [
      provider,
      model,
      key,
      status,
      error,
      ms,
    ]),
    record.session,
    record.tags,
  ];
  return [
    record.time,
    record.id,
    record.keyId,
    record.customer,
    record.model,
    record.provider,
    record.status,
    record.outcome,
    record.costNano,
    JSON.stringify(detail),
  ];
}
