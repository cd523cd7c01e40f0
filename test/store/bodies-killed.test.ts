import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { BodyKeeper } from '../../core/store/bodies/body-keeper.js';
import { openLedgerSql } from '../../core/store/ledger-sql.js';
import { startHeadgate } from '../e2e/harness.js';
import { SteadyLoad } from './steady-load.js';

const RATE = 400;
const CLIENTS = 32;
const WAIT_MS = 30_000;
const DAY = 86_400_000;

interface Told {
  readonly bodies: { request: { content: unknown }; answer: { content: unknown } } | null;
  readonly bodies_unavailable?: string;
}

async function told(port: number, id: string): Promise<Told> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/requests/${id}`);
  expect(answer.status).toBe(200);
  return (await answer.json()) as Told;
}

/** All of it, as it was sent and answered: half of it would be no JSON, or have another beginning or end. */
function expectWhole(bodies: NonNullable<Told['bodies']>): void {
  expect(bodies.request.content).toMatchObject({
    model: 'mock/hello',
    messages: [{ role: 'user', content: 'Hello' }],
  });
  expect(bodies.answer.content).toMatchObject({
    object: expect.stringMatching(/^chat\.completion/),
    choices: [{ message: { role: 'assistant', content: expect.any(String) }, finish_reason: 'stop' }],
  });
}

test.each([
  ['files', (dir: string) => ({ folder: join(dir, 'bodies') })],
  ['the store', () => true],
])(
  'bodies in %s: kill -9 while they are written leaves no half one, none that was told goes, and nothing stays for ever',
  async (_, logBodies) => {
    const dir = mkdtempSync(join(tmpdir(), 'headgate-bodies-killed-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
    const observability = { log_requests: false, log_bodies: logBodies(dir) };
    writeFileSync(join(dir, 'headgate.yaml'), JSON.stringify({ observability }));
    const start = () => startHeadgate({ cwd: dir, args: ['--config', 'headgate.yaml'] });
    const promised: string[] = [];
    const others: string[] = [];
    for (const afterMs of [0, 37]) {
      const gateway = await start();
      const load = new SteadyLoad(gateway.port, RATE, CLIENTS);
      const until = performance.now() + WAIT_MS;
      while (load.done.length < 60 && performance.now() < until) await sleep(5);
      const [early, ...later] = load.done.slice(0, 60);
      // Once it is told it has to stay; it is asked for while others are written.
      const { bodies } = await told(gateway.port, String(early?.id));
      expect(bodies).not.toBeNull();
      promised.push(String(early?.id));
      for (const { id } of later.slice(0, 5))
        if ((await told(gateway.port, id)).bodies !== null) promised.push(id);
      await sleep(afterMs);
      load.stop();
      await gateway.kill();
      load.close();
      others.push(...load.done.map(({ id }) => id));
    }
    const again = await start();
    let found = 0;
    for (const id of promised) {
      const { bodies } = await told(again.port, id);
      expect(bodies).not.toBeNull();
      expectWhole(bodies as NonNullable<Told['bodies']>);
    }
    for (const id of others.slice(-40)) {
      const answer = await fetch(`http://127.0.0.1:${again.port}/api/requests/${id}`);
      // Of the last moments the record may be lost, in the usual mode.
      if (answer.status === 404) continue;
      const { bodies, bodies_unavailable } = (await answer.json()) as Told;
      expect(bodies_unavailable).toBeUndefined();
      if (bodies === null) continue;
      expectWhole(bodies);
      found++;
    }
    expect(promised.length + found).toBeGreaterThan(2);
    await again.kill();

    // Whatever is noted can be read, whole; and when its time has come nothing of it is left, nor of what nobody noted.
    const db = await openLedgerSql({ kind: 'sqlite', path: join(dir, 'data', 'headgate.db') });
    const later = Date.now() + DAY;
    const keeper = new BodyKeeper({
      db,
      settings: {
        ...{ secrets: true, redact: [], folder: null, s3: null, earlierS3: [] },
        ...{ keepMs: 1000, maxBytes: 1e12 },
      },
      hidden: (text) => text,
      onTrouble: (message, error) => expect.fail(`${message}: ${String(error)}`),
      onLeft: (message) => expect.fail(message),
      onWell: () => {},
      now: () => later,
    });
    const noted = (await db.all('SELECT id FROM request_bodies')).map(([id]) => String(id));
    expect(noted.length).toBeGreaterThan(100);
    const whole = await Promise.all(noted.map((id) => keeper.find(id)));
    expect(whole.filter((one) => one === null)).toEqual([]);
    while (await keeper.expire(later));
    expect(await db.all('SELECT count(*) FROM request_bodies')).toEqual([[0]]);
    expect(await db.all('SELECT count(*) FROM request_texts')).toEqual([[0]]);
    if (observability.log_bodies !== true) expect(readdirSync(join(dir, 'bodies'))).toEqual([]);
    await keeper.close();
    await db.close();
  },
  120_000,
);
