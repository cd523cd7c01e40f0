import { gunzipSync } from 'node:zlib';
import { RECORD_FIELDS } from '@headgate/sdk';
import { parquetMetadata, parquetReadObjects, parquetSchema } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ParquetRecords } from '../../core/store/requests/parquet-records.js';
import { NO_FILTER } from '../../core/store/requests/search-query.js';
import { startLedger } from '../../dist/core/store/ledger.js';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN } from '../governance/admin-client.js';
import { settled, usage } from '../store/records.js';

type Json = Record<string, unknown>;

const NAMES = Object.keys(RECORD_FIELDS);
const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };
let gateway: Embedded;
let url = '';
let listed: Json[] = [];
const METADATA = Array.from(
  { length: 5 },
  (_, i) => `customer=c${i},tags=a,left=out${i % 2 === 0 ? `,feature=f${i},plan=gold` : ''}`,
);

beforeAll(async () => {
  gateway = await embed({
    config: { admin: { token: ADMIN_TOKEN }, observability: { metadata: ['feature', 'plan'] } },
  });
  url = await gateway.listen();
  for (let i = 0; i < 5; i++) {
    const answer = await gateway.fetch(
      '/v1/chat/completions',
      json(
        { model: i === 3 ? 'nowhere/x' : 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] },
        {
          headers: { 'content-type': 'application/json', 'x-headgate-metadata': METADATA[i] ?? '' },
        },
      ),
    );
    await answer.text();
  }
  const list = await gateway.fetch('/api/requests', { headers: admin });
  listed = ((await list.json()) as { data: Json[] }).data;
});
afterAll(() => gateway.close());

async function download(query: string, headers: Record<string, string> = {}): Promise<Uint8Array> {
  const answer = await gateway.fetch(`/api/requests/export?${query}`, { headers: { ...admin, ...headers } });
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
}
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('an export', () => {
  it('as lines of JSON is what lists say, all of it', async () => {
    const lines = text(await download(''))
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as Json)).toEqual(listed);
    const some = text(await download('format=jsonl&status=200&customer=c0&customer=c3')).trimEnd();
    expect((JSON.parse(some) as Json)['customer']).toBe('c0');
    expect(await download('customer=nobody')).toHaveLength(0);
  });

  it('as a table has one line of names, also of nothing', async () => {
    const lines = text(await download('format=csv'))
      .trimEnd()
      .split('\r\n');
    expect(lines.map((line) => line.split(',')[0])).toEqual(['id', ...listed.map(({ id }) => id)]);
    expect(text(await download('format=csv&customer=nobody'))).toBe(`${NAMES.join(',')}\r\n`);
    // What the callers said is there as JSON; the first line is the latest request.
    expect(listed.map(({ metadata }) => Object.keys(metadata as Json).length)).toEqual([2, 0, 2, 0, 2]);
    expect(lines[1]).toMatch(/,"\{""feature"":""f4"",""plan"":""gold""\}"$/);
    expect(lines[2]).toMatch(/,$/);
  });

  it('as Parquet is read by others, with types', async () => {
    const file = (await download('format=parquet')).buffer as ArrayBuffer;
    const rows = (await parquetReadObjects({ file })) as Json[];
    expect(rows.map(({ id }) => id)).toEqual(listed.map(({ id }) => id));
    for (const [i, row] of rows.entries()) {
      const { time, tags, total_ms, customer, status, metadata } = listed[i] as Json;
      expect(row).toMatchObject({ tags, total_ms, customer, status: BigInt(Number(status)) });
      expect(row['metadata']).toEqual(metadata);
      expect((row['time'] as Date).toISOString()).toBe(time);
    }
    const none = (await download('format=parquet&customer=nobody')).buffer as ArrayBuffer;
    expect(await parquetReadObjects({ file: none })).toEqual([]);
    expect(parquetSchema(parquetMetadata(none)).children.map(({ element }) => element.name)).toEqual(NAMES);
  });

  it('is compressed where that is asked for, as a file over a connection', async () => {
    const headers = { ...admin, 'accept-encoding': 'gzip' };
    const packed = await gateway.fetch('/api/requests/export?format=csv', { headers });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    const plain = await download('format=csv');
    expect(text(gunzipSync(new Uint8Array(await packed.arrayBuffer())))).toBe(text(plain));
    const never = await gateway.fetch('/api/requests/export', {
      headers: { ...admin, 'accept-encoding': 'br, gzip;q=0' },
    });
    expect(never.headers.get('content-encoding')).toBeNull();
    await never.body?.cancel();
    const own = await fetch(`${url}/api/requests/export?format=csv`, { headers: admin });
    expect(own.headers.get('content-disposition')).toBe('attachment; filename="requests.csv"');
    expect(await own.text()).toBe(text(plain));
  });

  it('refuses what it does not know, and whoever leaves takes no place', async () => {
    const bad = await gateway.fetch('/api/requests/export?format=xml', { headers: admin });
    expect(bad.status).toBe(400);
    expect((await gateway.fetch('/api/requests/export')).status).toBe(401);
    for (let i = 0; i < 6; i++) {
      const answer = await gateway.fetch('/api/requests/export', { headers: admin });
      expect(answer.status).toBe(200);
      await answer.body?.cancel();
    }
  });
});

it('runs four at a time, until one of them is over', async () => {
  const ledger = await startLedger({ dataDir: gateway.dataDir, url: 'sqlite::memory:', logRequests: false });
  const begin = () =>
    ledger.requests('exportBegin', { filter: NO_FILTER, range: { from: 0, to: 1 }, format: 'csv' });
  const [first, ...others] = [await begin(), await begin(), await begin(), await begin()];
  expect([first, ...others]).not.toContain(null);
  expect(await begin()).toBeNull();
  await ledger.requests('exportEnd', { id: String(first?.id) });
  expect(await begin()).not.toBeNull();
  await expect(ledger.requests('exportNext', { id: String(first?.id) })).rejects.toThrow('by that id');
  await ledger.close();
});

describe('Parquet of records', () => {
  it('keeps every number exact, and says what is not known', async () => {
    const writer = new ParquetRecords();
    const known = settled({ costNano: 9_007_199_254_740_991, usage: usage({ inputTokens: 3_000_000_000 }) });
    const unknown = settled({ costNano: null, usage: null, firstTokenMs: null, tags: ['ä', '"b"'] });
    const parts = [writer.add([known]), writer.add([unknown]), writer.end()];
    const file = new Uint8Array(Buffer.concat(parts)).buffer;
    const [first, second] = (await parquetReadObjects({ file })) as Json[];
    expect(first).toMatchObject({ input_tokens: 3_000_000_000n, stream: false, total_ms: 12.5 });
    expect(first?.['cost_usd']).toBeCloseTo(9_007_199.254740991, 6);
    expect(second).toMatchObject({ cost_usd: null, input_tokens: null, tags: ['ä', '"b"'] });
    const { schema } = parquetMetadata(file);
    const cost = schema.find(({ name }) => name === 'cost_usd');
    expect(cost).toMatchObject({ type: 'INT64', converted_type: 'DECIMAL', scale: 9, precision: 18 });
  });
});
