import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { startOpenAi } from '../fakes/openai.js';
import { behind, embed, json } from '../gateway/embedded.js';

/** Fifty secrets of all sorts, each different; `random` makes what a generator of keys would. */
function secrets(): string[] {
  let seed = 7;
  const random = (
    length: number,
    from = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  ): string =>
    Array.from({ length }, () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return from[seed % from.length];
    }).join('');
  const shapes: (() => string)[] = [
    () => `sk-proj-${random(40)}`,
    () => `sk-ant-api03-${random(40)}`,
    () => `hg-${random(32)}`,
    () => `AKIA${random(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
    () => `AIza${random(35)}`,
    () => `ghp_${random(36)}`,
    () => `xoxb-${random(11, '0123456789')}-${random(24)}`,
    () => `eyJ${random(20)}.${random(40)}.${random(30)}`,
    () => `glpat-${random(20)}`,
    () => `hf_${random(34)}`,
  ];
  return Array.from({ length: 50 }, (_, i) => (shapes[i % shapes.length] as () => string)());
}

// Fifty secrets stand in headers, bodies, addresses and what providers say of errors; none of them may be found in anything that the
// request log writes or answers.
it('none of fifty planted secrets is in what is kept, or in what is answered about it', async () => {
  const openai = await startOpenAi();
  const gateway = await embed({
    config: { providers: behind(openai), observability: { log_bodies: true } },
  });
  const planted = secrets();
  const next = (() => {
    let at = 0;
    return () => planted[at++ % planted.length] as string;
  })();
  for (let i = 0; i < 10; i++) {
    // The provider repeats what it was sent, in its answer and in its error.
    if (i % 2 === 0) openai.next({ answer: { text: `Your key is ${next()}.` } });
    else openai.next({ status: 400, error: { message: `Incorrect key ${next()} given` } });
    const body = {
      model: 'openai/gpt-4o',
      stream: i % 4 === 0,
      user: next(),
      messages: [{ role: 'user', content: `export API_KEY=${next()} # for the tests` }],
    };
    const headers = {
      'content-type': 'application/json',
      'x-custom-secret': next(),
      cookie: `session=${next()}`,
    };
    await (await gateway.fetch(`/v1/chat/completions?key_of=${next()}`, json(body, { headers }))).text();
  }
  const page = (await (await gateway.fetch('/api/requests')).json()) as { data: { id: string }[] };
  expect(page.data).toHaveLength(10);
  const details = await Promise.all(
    page.data.map(async ({ id }) => (await gateway.fetch(`/api/requests/${id}`)).text()),
  );
  const exported = await (await gateway.fetch('/api/requests?format=csv')).text();
  const metrics = await (await gateway.fetch('/metrics')).text();
  const db = await openLedgerSql({ kind: 'sqlite', path: join(gateway.dataDir, 'headgate.db') });
  const kept = await db.all('SELECT data FROM request_bodies');
  await db.close();
  expect(kept).toHaveLength(10);
  const bodies = kept.map(([data]) => gunzipSync(data as Uint8Array).toString());
  const files = readdirSync(gateway.dataDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  const everything = [JSON.stringify(page), ...details, exported, metrics, ...bodies, ...files].join('\n');
  // What was asked is there, without its secrets.
  expect(bodies.join()).toContain('for the tests');
  expect(planted.filter((secret) => everything.includes(secret))).toEqual([]);
  await gateway.close();
  await openai.close();
});
