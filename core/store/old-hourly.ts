import { type Kysely, sql } from 'kysely';
import { GROUP_COLUMNS, SUM_COLUMNS } from './usage-columns.js';
import { groupId, storable } from './usage-group.js';

const ROWS = 2000;
type Row = Record<string, string | number>;

/** Version 2 had sums an hour by key, customer, model and provider: they become sums of the first quarter of that hour. */
export async function moveHourlySums(db: Kysely<unknown>): Promise<void> {
  const there = await sql`SELECT 1 FROM sqlite_master WHERE name = 'usage_hourly'`.execute(db);
  if (there.rows.length === 0) return;
  for (let offset = 0; ; offset += ROWS) {
    const page = sql<Row>`SELECT * FROM usage_hourly ORDER BY hour, key_id, customer, model, provider
      LIMIT ${ROWS} OFFSET ${offset}`;
    const { rows } = await page.execute(db);
    for (const row of rows) await move(db, row);
    if (rows.length < ROWS) break;
  }
  await sql`DROP TABLE usage_hourly`.execute(db);
}

async function move(db: Kysely<unknown>, row: Row): Promise<void> {
  const text = (name: string): string => storable(row[name]);
  const values = GROUP_COLUMNS.map((name) => (name === 'tags' ? '[]' : text(name)));
  const id = groupId(values);
  const list = (all: readonly (string | number | bigint)[]) => sql.join(all);
  await sql`INSERT INTO usage_groups VALUES (${list([id, ...values])}) ON CONFLICT DO NOTHING`.execute(db);
  const sums = SUM_COLUMNS.map((name) => Number(row[name]));
  const add = SUM_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ');
  const hour = Number(row['hour']);
  for (const [table, slot] of [
    ['usage_quarters', hour * 4],
    ['usage_days', Math.floor(hour / 24)],
  ] as const) {
    await sql`INSERT INTO ${sql.table(table)} VALUES (${list([slot, id, ...sums])})
      ON CONFLICT DO UPDATE SET ${sql.raw(add)}`.execute(db);
  }
  if (text('key_id') !== '')
    await sql`INSERT INTO key_names VALUES (${text('key_id')}, ${text('key_name')})
      ON CONFLICT DO UPDATE SET name = excluded.name`.execute(db);
}
