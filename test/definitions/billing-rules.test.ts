import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Embedded, embed, json } from '../gateway/embedded.js';
import { ADMIN_TOKEN, adminOf, codeOf } from './embedded-admin.js';

let gateway: Embedded;
let admin: ReturnType<typeof adminOf>;
beforeAll(async () => {
  gateway = await embed({
    config: {
      admin: { token: ADMIN_TOKEN },
      observability: { log_level: 'error' },
      prices: { 'mock/hello': { input_per_million_usd: 200, output_per_million_usd: 800 } },
      billing: {
        rules: [{ match: { customer: 'acme' }, markup: '20%' }],
        named: { gone: { match: { customer: 'never' }, discount: '50%' } },
      },
    },
  });
  admin = adminOf(gateway);
  for (const customer of ['acme', 'beta'])
    await (
      await gateway.fetch(
        '/v1/chat/completions',
        json(
          { model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] },
          { headers: { 'content-type': 'application/json', 'x-headgate-metadata': `customer=${customer}` } },
        ),
      )
    ).text();
});
afterAll(async () => void (await gateway.close()));

/** What is charged for a share of what it cost, by customer. */
async function shares(): Promise<Record<string, number>> {
  const { body } = await admin('GET', '/api/usage?group_by=customer');
  const rows = body['rows'] as { customer: string; cost_nano: number; billed_nano: number }[];
  return Object.fromEntries(
    rows.map((row) => [row.customer, Math.round((1000 * row.billed_nano) / row.cost_nano) / 1000]),
  );
}

it('rules of the store are in force at once, behind those of the file unless they come first, and gone when deleted', async () => {
  await expect.poll(shares).toEqual({ acme: 1.2, beta: 1 });
  const made = await admin('POST', '/api/billing-rules', { id: 'everybody', markup: '10%' });
  expect([made.status, made.text]).toEqual([201, made.text]);
  expect(made.body).toMatchObject({ id: 'everybody', source: 'store', in_force: true, version: 1 });
  expect(await shares()).toEqual({ acme: 1.2, beta: 1.1 });
  const first = await admin('PATCH', '/api/billing-rules/everybody', { order: -1 }, { 'if-match': '"1"' });
  expect(first.body).toMatchObject({ version: 2, order: -1 });
  expect(await shares()).toEqual({ acme: 1.1, beta: 1.1 });
  const late = await admin('PATCH', '/api/billing-rules/everybody', { order: 2 }, { 'if-match': '"1"' });
  expect([late.status, codeOf(late)]).toEqual([409, 'version_conflict']);
  expect(parse((await admin('GET', '/api/export')).text)).toMatchObject({
    billing: { named: { everybody: { markup: '10%', order: -1 } } },
  });
  const { body: audit } = await admin('GET', '/api/audit?kind=billing_rule');
  expect(audit['data']).toMatchObject([
    { action: 'update', id: 'everybody' },
    { action: 'create', id: 'everybody' },
  ]);
  expect((await admin('DELETE', '/api/billing-rules/everybody')).status).toBe(200);
  expect(await shares()).toEqual({ acme: 1.2, beta: 1 });
});

it('rules that make no sense, and those of the file, are refused with a word that says why', async () => {
  const both = await admin('POST', '/api/billing-rules', { id: 'both', markup: '10%', discount: '5%' });
  expect([both.status, both.text]).toEqual([400, expect.stringContaining('one of markup, discount')]);
  const days = { id: 'days', markup: '1%', from: '2027-01-02', to: '2027-01-01' };
  expect((await admin('POST', '/api/billing-rules', days)).status).toBe(400);
  expect((await admin('POST', '/api/billing-rules', { id: 'neg', markup: '-5%' })).status).toBe(400);
  expect((await admin('POST', '/api/billing-rules', { id: 'A b', markup: '5%' })).status).toBe(400);
  const ofFile = await admin('PATCH', '/api/billing-rules/gone', { discount: '1%' });
  expect([ofFile.status, codeOf(ofFile)]).toEqual([409, 'entity_read_only']);
  expect(await admin('GET', '/api/billing-rules')).toMatchObject({
    body: { data: [{ id: 'gone', source: 'file', read_only: true }] },
  });
});
