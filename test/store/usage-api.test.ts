import { expect, test } from 'vitest';
import { usageReport as report } from '../../core/admin/usage.js';
import { LedgerStore } from '../../core/store/ledger-store.js';
import type { UsageQuery } from '../../core/store/usage-report.js';
import { inMemory, read } from './reading.js';
import { settled, taken, usage } from './records.js';

async function start() {
  const db = await inMemory();
  const reader = read(db).usage;
  const asked: UsageQuery[] = [];
  const ledger = {
    usage: async (query: UsageQuery) => {
      asked.push(query);
      return reader.report(query);
    },
  };
  return { store: new LedgerStore(db), ledger, asked };
}

/** The report, or the error that there is instead. */
async function usageReport(ledger: Parameters<typeof report>[0], query: string) {
  const answer = await report(ledger, query, { timeZone: 'UTC', rules: [] });
  return 'error' in answer ? { contentType: '', body: '', error: answer.error } : { ...answer, error: null };
}

/** In the quarter of an hour that the questions are about. */
const noon = Date.UTC(2026, 0, 31, 12);

test('customers are listed with exact dollars, the most expensive first', async () => {
  const { store, ledger } = await start();
  await store.commit([
    taken(
      settled({ time: noon, customer: 'acme', costNano: 12_345_678 }),
      settled({
        time: noon,
        customer: 'zeta',
        costNano: 2_000_000_000,
        usage: usage({ reasoningTokens: 7 }),
      }),
      settled({ time: noon, customer: 'zeta', costNano: null, outcome: 'client-closed' }),
      settled({ time: noon, customer: 'zeta', costNano: null, usage: null, outcome: 'error', status: 502 }),
    ),
  ]);
  const answer = await usageReport(ledger, 'group_by=customer&from=2026-01-31T12:05&to=2026-01-31T12:10:00Z');
  expect(answer).toMatchObject({ error: null, contentType: 'application/json' });
  const body: unknown = JSON.parse(answer.body);
  expect(body).toMatchObject({
    from: '2026-01-31T12:00:00.000Z',
    to: '2026-01-31T12:15:00.000Z',
    group_by: ['customer'],
    rows: [
      {
        customer: 'zeta',
        requests: 3,
        errors: 1,
        unpriced_requests: 1,
        reasoning_tokens: 7,
        cost_usd: '2.000000000',
      },
      { customer: 'acme', requests: 1, cost_usd: '0.012345678', cost_nano: 12_345_678, input_tokens: 100 },
    ],
    truncated: false,
    total: { requests: 4, errors: 1, cost_usd: '2.012345678', cost_nano: 2_012_345_678 },
  });
});

test('days and keys can be grouped by, and keys have their names', async () => {
  const { store, ledger } = await start();
  await store.commit([taken(settled({ time: noon }), settled({ time: noon + 86_400_000 }))]);
  const { body } = await usageReport(ledger, 'group_by=day,key&key=ci');
  const { rows } = JSON.parse(body) as { rows: unknown[] };
  expect(rows).toMatchObject([
    { day: '2026-01-31', key: 'k1', key_name: 'ci', requests: 1 },
    { day: '2026-02-01', key: 'k1', key_name: 'ci', requests: 1 },
  ]);
});

test('CSV quotes what must be quoted and disarms formulas', async () => {
  const { store, ledger } = await start();
  await store.commit([
    taken(settled({ customer: '=HYPERLINK("x")', costNano: 3 }), settled({ customer: 'a, b', costNano: 2 })),
  ]);
  const { contentType, body } = await usageReport(ledger, 'format=csv');
  expect(contentType).toContain('text/csv');
  const lines = body.split('\r\n');
  expect(lines[0]).toBe(
    'customer,requests,errors,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,reasoning_tokens,' +
      'cost_usd,cost_nano,unpriced_requests',
  );
  expect(lines[1]).toBe(`"'=HYPERLINK(""x"")",1,0,100,20,0,0,0,0.000000003,3,0`);
  expect(lines[2]).toBe('"a, b",1,0,100,20,0,0,0,0.000000002,2,0');
  expect(lines[3]).toBe('');
});

test('CSV of nothing still has its header', async () => {
  const { ledger } = await start();
  const { body } = await usageReport(ledger, 'format=csv&group_by=model,key');
  expect(body).toMatch(/^model,key,key_name,requests,.*\r\n$/);
});

test.each([
  ['group_by=colour', 'group_by', 'colour'],
  ['group_by=model,model', 'group_by', 'twice'],
  ['from=yesterday', 'from', '2026-01-31'],
  ['to=2026-13-45', 'to', '2026-01-31'],
  ['from=2000&to=1000', 'to', 'later'],
  ['format=xml', 'format', 'json or csv'],
  ['from=2000&from=3000', 'from', 'more than once'],
  ['time_zone=Mars', 'time_zone', 'Europe/Berlin'],
  ['limit=0', 'limit', 'from 1 to'],
  ['costumer=a', 'costumer', 'no parameter'],
])('a bad parameter is named: %s', async (query, param, words) => {
  const { ledger, asked } = await start();
  const { error } = await usageReport(ledger, query);
  const message = expect.stringContaining(words);
  expect(error).toMatchObject({ status: 400, code: 'invalid_parameter', param, message });
  expect(asked).toEqual([]);
});

test('times are read as UTC, with an offset, or as milliseconds', async () => {
  const { ledger, asked } = await start();
  for (const from of ['2026-01-31T12:00', '2026-01-31T14:00:00+02:00', String(noon)]) {
    await usageReport(ledger, `from=${from}`);
  }
  expect(asked.map((query) => query.from)).toEqual([noon, noon, noon]);
});

test('a ledger that cannot answer makes a 503 that says so', async () => {
  const ledger = { usage: () => Promise.reject(new Error('the database cannot be written at the moment')) };
  const { error } = await usageReport(ledger, '');
  expect(error).toMatchObject({ status: 503, code: 'usage_unavailable' });
  expect(error?.message).toContain('the database cannot be written');
});
