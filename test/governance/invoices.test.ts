import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { LedgerStore } from '../../core/store/ledger-store.js';
import { createGateway, type Gateway } from '../../dist/bin/library.js';
import { settled, taken } from '../store/records.js';

const dataDir = mkdtempSync(join(tmpdir(), 'headgate-invoices-'));
/** Two months ago: it is over everywhere, and sums of its quarters of an hour are kept. */
const today = new Date();
const first = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - 2);
const month = new Date(first).toISOString().slice(0, 7);
const fifth = first + 4.5 * 86_400_000;
const evil = '<script>alert(1)</script>';

let gateway: Gateway;
beforeAll(async () => {
  const db = await openLedgerSql({ kind: 'sqlite', path: join(dataDir, 'headgate.db') });
  const records = [
    settled({ time: fifth, customer: 'acme', costNano: 2_000_000_000 }),
    settled({ time: fifth, customer: 'acme', model: 'writer', provider: 'anthropic', costNano: 1 }),
    settled({ time: fifth, customer: 'beta', costNano: 500_000_000 }),
    settled({ time: fifth, customer: evil, costNano: 1_000_000 }),
    // In Kolkata it is the month's first day already.
    settled({ time: first - 3 * 3_600_000, customer: 'acme', costNano: 10 }),
  ];
  await new LedgerStore(db).commit([taken(...records)]);
  await db.close();
  const billing = {
    time_zone: 'Asia/Kolkata',
    rules: [
      { match: { customer: 'beta' }, discount: '10%', to: '2199-01-01' },
      { match: { model: ['writ*'] }, markup: '50%', per_request_usd: 0.01 },
      { markup: '20%' },
    ],
  };
  gateway = await createGateway({ config: { billing }, dataDir, env: {}, port: 0 });
});
afterAll(async () => {
  await gateway.close();
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 });
});

type Json = Record<string, unknown>;
const get = (path: string): Promise<Response> => gateway.fetch(path);
const getJson = async (path: string): Promise<Json> => (await (await get(path)).json()) as Json;
const post = (path: string, body: object): Promise<Response> =>
  gateway.fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

it('usage says what is charged beside what it cost, as JSON and as CSV', async () => {
  const { rows, total } = (await getJson('/api/usage?group_by=customer,model')) as {
    rows: Json[];
    total: Json;
  };
  expect(rows.find((row) => row['customer'] === 'beta')).toMatchObject({
    cost_usd: '0.500000000',
    billed_usd: '0.450000000',
  });
  // Half of a nano-dollar more is rounded up.
  expect(rows.find((row) => row['model'] === 'writer')).toMatchObject({
    cost_nano: 1,
    billed_nano: 10_000_002,
  });
  expect(total).toMatchObject({
    cost_nano: 2_501_000_011,
    billed_nano: 2_400_000_000 + 12 + 10_000_002 + 450_000_000 + 1_200_000,
  });
  const [header, first] = (await (await get('/api/usage?group_by=customer&format=csv')).text()).split('\r\n');
  expect(header).toMatch(/,cost_usd,cost_nano,billed_usd,billed_nano,unpriced_requests$/);
  expect(first).toContain('acme,');
});

it('a draft is issued once; then it is found by its number and in the list', async () => {
  const draft = await getJson(`/api/invoices?month=${month}&customer=acme`);
  expect(draft).toMatchObject({
    number: null,
    status: 'draft',
    customer: 'acme',
    time_zone: 'Asia/Kolkata',
    issued_at: null,
  });
  expect((draft['total'] as Json)['billed_usd']).toBe('2.410000014');
  const issued = (await (await post('/api/invoices', { month, customer: 'acme' })).json()) as Json;
  expect(issued).toEqual({
    ...draft,
    number: 'INV-000001',
    status: 'issued',
    issued_at: expect.any(String),
    issued_by: 'admin',
  });
  expect(await (await post('/api/invoices', { month, customer: 'acme' })).json()).toEqual(issued);
  expect(await getJson('/api/invoices/INV-000001')).toEqual(issued);
  expect(await getJson(`/api/invoices?month=${month}&customer=acme`)).toEqual(issued);
  const every = (await (await post('/api/invoices', { month, every: 'customer' })).json()) as {
    data: Json[];
  };
  expect(every.data.map((one) => one['number']).sort()).toEqual(['INV-000001', 'INV-000002', 'INV-000003']);
  const page = (await getJson('/api/invoices?kind=customer&limit=2')) as {
    data: Json[];
    next_cursor: string;
  };
  expect(page.data.map((one) => one['number'])).toEqual(['INV-000001', 'INV-000002']);
  const rest = (await getJson(`/api/invoices?limit=2&cursor=${page.next_cursor}`)) as {
    data: Json[];
    next_cursor: null;
  };
  expect(rest).toMatchObject({ data: [{ number: 'INV-000003' }], next_cursor: null });
  expect(await getJson('/api/invoices?customer=beta')).toMatchObject({ data: [{ customer: 'beta' }] });
});

it('it is told as CSV, as text and as a page on which nothing runs', async () => {
  const csv = await get('/api/invoices/1?format=csv');
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="INV-000001.csv"');
  expect((await csv.text()).split('\r\n')[1]).toMatch(
    new RegExp(`^INV-000001,issued,acme,usage,${month},${month}-01,openai,support,1,`),
  );
  const text = await (await get('/api/invoices/INV-000001?format=text')).text();
  expect(text).toMatch(
    new RegExp(
      `^Invoice INV-000001\n\nCustomer {4}acme\nMonth {7}${month} \\(Asia/Kolkata\\)\nIssued {6}\\d{4}-`,
    ),
  );
  expect(text).toMatch(/support, openai +2 +200 +40 +2\.400000012\n/);
  expect(text).toContain('To pay: USD 2.41');
  const page = await get(`/api/invoices?month=${month}&customer=${encodeURIComponent(evil)}&format=html`);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  expect(html).not.toContain('<script');
  expect(html).toContain('&#60;script&#62;');
});

it('one that was wrong is taken back by a credit note', async () => {
  const note = (await (await post('/api/invoices/INV-000001/void', {})).json()) as Json;
  expect(note).toMatchObject({ number: 'INV-000004', status: 'credit', credits: 'INV-000001' });
  expect(await getJson('/api/invoices/1')).toMatchObject({ status: 'void', credit_note: 'INV-000004' });
  // Asked again it is the same note, and neither it nor what was issued before has a second line in the audit.
  await post('/api/invoices/INV-000001/void', {});
  await post('/api/invoices', { month, every: 'customer' });
  const { data } = (await getJson('/api/audit?kind=invoice')) as { data: Json[] };
  const lines = data.map(({ action, id }) => `${action} ${id}`).reverse();
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.slice(0, 3).toSorted()).toEqual(['issue INV-000001', 'issue INV-000002', 'issue INV-000003']);
  expect(data.find(({ action }) => action === 'void')).toMatchObject({
    actor: 'admin',
    id: 'INV-000001',
    before: null,
    after: { month, credit_note: 'INV-000004' },
  });
  expect(await (await get('/api/invoices/4?format=text')).text()).toContain('To pay: USD -2.41');
});

it.each([
  ['GET', '/api/invoices?month=2025-13&customer=a', null, 400, 'month'],
  ['GET', `/api/invoices?month=${month}&customer=`, null, 400, 'customer'],
  ['GET', `/api/invoices?month=${month}&customer=a&team=b`, null, 400, 'one of customer'],
  ['GET', `/api/invoices?month=${month}&customer=a&format=pdf`, null, 400, 'format'],
  ['GET', '/api/invoices?cursor=%27;DROP', null, 400, 'cursor'],
  ['GET', '/api/invoices/INV-000099', null, 404, 'INV-000099'],
  ['GET', '/api/invoices/%27%3B--', null, 404, 'no invoice'],
  ['POST', '/api/invoices', { month: '2999-10', customer: 'a' }, 400, 'a month such as'],
  ['POST', '/api/invoices', { month: new Date().toISOString().slice(0, 7), customer: 'a' }, 400, 'not over'],
  ['POST', '/api/invoices', { month }, 400, 'one of customer'],
  ['POST', '/api/invoices', { month, customer: 'a', every: 'team' }, 400, 'one of customer'],
  ['POST', '/api/invoices', { month, customer: 'a', price: -1 }, 400, 'unknown "price"'],
  ['POST', '/api/invoices/99/void', {}, 404, 'no invoice'],
])('%s %s %j is refused with words', async (method, path, body, status, words) => {
  const answer = await (method === 'GET' ? get(path) : post(path, body ?? {}));
  expect(answer.status).toBe(status);
  expect(JSON.stringify(await answer.json()).replaceAll('\\', '')).toContain(words);
});

it.each([
  [{ rules: [{ markup: '-5%' }] }, 'billing.rules[0].markup'],
  [{ rules: [{ discount: '101%' }] }, 'billing.rules[0].discount'],
  [{ rules: [{ markup: '5%', discount: '5%' }] }, 'one of markup, discount and per_million_usd'],
  [{ rules: [{ markup: '5%', from: '2026-02-30' }] }, 'billing.rules[0].from'],
  [{ rules: [{ markup: '5%', from: '2026-03-01', to: '2026-02-01' }] }, 'a date after "from"'],
  [{ rules: [{ match: { colour: 'red' }, markup: '5%' }] }, 'colour'],
  [{ rules: [{ per_request_usd: -0.01 }] }, 'billing.rules[0].per_request_usd'],
  [{ time_zone: 'Mars/Olympus' }, 'billing.time_zone'],
])('the rules %j are refused', async (billing, words) => {
  const dir = mkdtempSync(join(tmpdir(), 'headgate-rules-'));
  await expect(
    createGateway({ config: { billing } as never, dataDir: dir, env: {}, port: 0 }),
  ).rejects.toThrow(words);
  rmSync(dir, { recursive: true, force: true });
});
