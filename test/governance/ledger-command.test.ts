import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, expect, it } from 'vitest';
import { runHeadgate, startHeadgate, stopCleanly } from '../e2e/harness.js';
import { chatBody, post } from '../e2e/http-client.js';

const config = { server: { threads: 1 }, prices: { 'mock/*': { request_usd: 0.001 } } };
const gateway = await startHeadgate({ config });
afterAll(() => stopCleanly(gateway));
const ledger = (...args: string[]) => runHeadgate(['ledger', ...args, '--data', gateway.dataDir], { config });

it('the ledger is checked and made anew beside a gateway that runs', async () => {
  for (let i = 0; i < 5; i++) await post(gateway, '/v1/chat/completions', chatBody('mock/hello'));
  // What is asked of usage is written first.
  await fetch(`${gateway.url}/api/usage`);
  expect(await ledger('verify')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^5 records, [\d.]+ USD\nall sums are what the records come to$/),
  });

  const db = new Database(join(gateway.dataDir, 'headgate.db'));
  db.exec('UPDATE usage_days SET requests = requests + 1');
  db.close();
  const found = await ledger('verify');
  expect(found.code).toBe(1);
  expect(found.stdout).toMatch(
    /1 sums are wrong:\n {2}day \d{4}-\d\d-\d\dT00:00:00.000Z requests: kept 6, records 5 /,
  );
  expect(found.stdout).toContain('headgate ledger rebuild');
  const mended = await ledger('rebuild', '--json');
  expect(mended.code).toBe(0);
  expect(JSON.parse(mended.stdout)).toMatchObject({ records: 5, wrong_sums: 1, rebuilt: true });
  expect((await ledger('verify')).code).toBe(0);

  // The gateway goes on from there.
  await post(gateway, '/v1/chat/completions', chatBody('mock/hello'));
  const usage = (await (await fetch(`${gateway.url}/api/usage`)).json()) as { total: { requests: number } };
  expect(usage.total.requests).toBe(6);
});

it('what is no command of the ledger is told', async () => {
  expect(await ledger('burn')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('verify or rebuild'),
  });
});
