import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createGateway, type Gateway } from '../../dist/bin/library.js';
import { storedIn } from '../store/reading.js';
import { json, until } from './embedded.js';

test('store.retention bounds the records that are kept, and the sums stay', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-retention-'));
  const start = (retention: object): Promise<Gateway> =>
    createGateway({ config: { store: { retention } }, dataDir, env: {}, port: 0 });
  const requests = async (gateway: Gateway): Promise<number> => {
    const usage = (await (await gateway.fetch('/api/usage?group_by=')).json()) as {
      total: { requests: number };
    };
    return usage.total.requests;
  };
  const first = await start({ records: '90d' });
  const body = json({ model: 'mock/hello', messages: [{ role: 'user', content: 'x' }] });
  for (let i = 0; i < 12; i++) {
    await Promise.all(
      Array.from({ length: 10 }, async () => (await first.fetch('/v1/chat/completions', body)).text()),
    );
    // A transaction, and a block, for each ten.
    expect(await requests(first)).toBe(10 * (i + 1));
  }
  await first.close();
  const kept = async (): Promise<number> => (await storedIn(join(dataDir, 'headgate.db'))).length;
  expect(await kept()).toBe(120);

  const second = await start({ max_records: 40 });
  await until('the oldest are gone', async () => (await kept()) < 60);
  expect(await kept()).toBeGreaterThanOrEqual(40);
  expect(await requests(second)).toBe(120);
  await second.close();
  rmSync(dataDir, { recursive: true, force: true });
});

test.each([
  [{ records: '1h' }, 'store.retention.records'],
  [{ max_records: 0 }, 'store.retention.max_records'],
  [{ max_size: '-1gb' }, 'store.retention.max_size'],
  [{ weeks: 3 }, 'weeks'],
])('the retention %j is refused', async (retention, words) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'headgate-retention-'));
  await expect(
    createGateway({ config: { store: { retention } } as never, dataDir, env: {}, port: 0 }),
  ).rejects.toThrow(words);
  rmSync(dataDir, { recursive: true, force: true });
});
