import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Headgate, startHeadgate } from '../e2e/harness.js';
import { ADMIN_TOKEN, AdminClient } from '../governance/admin-client.js';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const DOLLAR = 1_000_000_000;
const none = noPostgres ?? noRedis;
const keyOf = (name: string): string => `hg-${name}-key-0123456789`;

interface Asked {
  readonly status: number;
  /** Nano-dollars. */
  readonly cost: number;
  readonly text: string;
}

/** Of one test: connections that nobody used for a while are closed, perhaps in the moment in which they are used again. */
let agent = new Agent();

function ask(node: Headgate, name: string, maxTokens = 20, model = 'mock/hello'): Promise<Asked> {
  const body = JSON.stringify({
    model,
    max_tokens: maxTokens,
    messages: [{ role: 'user', content: 'Hello' }],
  });
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${keyOf(name)}`,
      'content-type': 'application/json',
      'content-length': body.length,
    };
    const sent = request(`${node.url}/v1/chat/completions`, { method: 'POST', agent, headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.once('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          cost: Math.round(Number(answer.headers['x-headgate-cost-usd'] ?? 0) * 1e9),
          text,
        }),
      );
      answer.once('error', reject);
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come to that in time');
    await sleep(50);
  }
};

const costs = (all: readonly Asked[]): number =>
  all.reduce((sum, { status, cost }) => (status === 200 ? sum + cost : sum), 0);

describe.skipIf(none !== null)('three nodes on one Postgres and one Redis', () => {
  let postgres: RealPostgres;
  let redis: RealRedis;
  let nodes: Headgate[] = [];
  const folders: string[] = [];
  let config: object;
  const startNode = (folder: string): Promise<Headgate> =>
    startHeadgate({ config, args: ['--data', folder] });

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([
      startPostgres(),
      startRedis({ password: 'not-for-any-log-0123' }),
    ]);
    const budget = (name: string, usd: number) => ({
      name,
      value: keyOf(name),
      budget: { usd, per: 'year' },
    });
    config = {
      server: { threads: 2 },
      auth: { required: true },
      admin: { token: ADMIN_TOKEN, secret: 'the-secret-of-all-nodes-0123456789' },
      store: { url: await postgres.database(), durable: 'request' },
      cluster: { redis: redis.url },
      prices: { 'mock/*': { input_per_million_usd: 0.1, output_per_million_usd: 20 } },
      keys: [
        budget('dollar', 1),
        budget('crash', 0.3),
        budget('flush', 0.3),
        budget('reserved', 0.3),
        budget('rich', 1_000_000),
      ],
      observability: { log_level: 'warn' },
    };
    for (let i = 0; i < 3; i++) folders.push(mkdtempSync(join(tmpdir(), 'headgate-node-')));
    nodes = await Promise.all(folders.map(startNode));
  }, 120_000);
  beforeEach(() => {
    agent = new Agent({ keepAlive: true, maxSockets: 60 });
  });
  afterEach(() => agent.destroy());
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all([postgres?.stop(), redis?.stop()]);
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const from = (i: number): Headgate => nodes[i % nodes.length] as Headgate;
  /** Requests one after the other, from all nodes in turn, until none lets one through. */
  async function toTheEnd(name: string): Promise<Asked[]> {
    const all: Asked[] = [];
    for (let refused = 0, i = 0; refused < 9; i++) {
      const one = await ask(from(i), name);
      all.push(one);
      if (one.status === 200) refused = 0;
      else {
        refused++;
        // Others may give something back, and what was refused a moment ago is not asked for again at once.
        await sleep(60);
      }
    }
    return all;
  }

  it('never pass a dollar by a nano-dollar with 10,000 requests at once, and strand less than a hundredth of it', async () => {
    const all = await Promise.all(Array.from({ length: 10_000 }, (_, i) => ask(from(i), 'dollar')));
    const statuses = [...new Set(all.map(({ status }) => status))].toSorted();
    expect(statuses).toEqual([200, 402]);
    expect(costs(all)).toBeLessThanOrEqual(DOLLAR);
    expect(all.find(({ status }) => status === 402)?.text).toContain(
      "The budget of key 'dollar' is $1.00 a year",
    );
    await sleep(1_500);
    const spent = costs(all) + costs(await toTheEnd('dollar'));
    expect(spent).toBeLessThanOrEqual(DOLLAR);
    expect(spent).toBeGreaterThan(DOLLAR * 0.99);
  }, 120_000);

  it('let a key that one of them made pass within a second, and no longer within a second of its end', async () => {
    const admin = new AdminClient(from(0).url);
    const { body } = await admin.post('/api/keys', { name: 'made' });
    const key = body.secret;
    const statusOf = async (node: Headgate): Promise<number> => {
      const answer = await fetch(`${node.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      await answer.arrayBuffer();
      return answer.status;
    };
    const all = async (status: number): Promise<number> => {
      const begun = performance.now();
      for (const node of nodes) while ((await statusOf(node)) !== status) await sleep(10);
      return performance.now() - begun;
    };
    expect(await all(200)).toBeLessThan(1_000);
    await admin.post(
      `/api/keys/${(body['key'] as { id?: string } | undefined)?.id ?? body['id']}/revoke`,
      {},
    );
    expect(await all(401)).toBeLessThan(1_000);
  });

  it('count on when one of them is killed under load and starts again', async () => {
    const all: Asked[] = [];
    const load = Array.from({ length: 12 }, async (_, lane) => {
      for (let i = 0; i < 40; i++) {
        const one = await ask(from(lane), 'crash').catch(() => null);
        if (one !== null) all.push(one);
        else await sleep(50);
      }
    });
    await sleep(250);
    await (nodes[2] as Headgate).kill();
    nodes[2] = await startNode(folders[2] as string);
    await Promise.all(load);
    all.push(...(await toTheEnd('crash')));
    // Answers that were cut off by the kill may have cost something too, so what was seen is at most the budget.
    expect(costs(all)).toBeLessThanOrEqual(0.3 * DOLLAR);
    expect(costs(all)).toBeGreaterThan(0.3 * DOLLAR * 0.8);
  }, 120_000);

  it('get back what a node had reserved when it was killed, once it is there again', async () => {
    const all: Asked[] = [];
    const small = (node: Headgate, maxTokens?: number) => ask(node, 'reserved', maxTokens);
    for (let i = 0; i < 60; i++) all.push(await small(from(2)));
    // Two thirds of the budget are reserved by requests that never end.
    const running = Array.from({ length: 2 }, () => ask(from(2), 'reserved', 5_000, 'mock/stall'));
    const cutOff = Promise.allSettled(running);
    const isReserved = async (): Promise<boolean> => {
      const one = await small(from(0), 8_000);
      all.push(one);
      return one.status === 402;
    };
    await until(isReserved);
    await (nodes[2] as Headgate).kill();
    await cutOff;
    expect(await isReserved()).toBe(true);
    nodes[2] = await startNode(folders[2] as string);
    await until(async () => {
      all.push(...(await toTheEnd('reserved')));
      return costs(all) > 0.3 * DOLLAR * 0.97;
    });
    expect(costs(all)).toBeLessThanOrEqual(0.3 * DOLLAR);
  }, 120_000);

  it('pass nothing when Redis loses its data under load', async () => {
    const all: Asked[] = [];
    const load = Array.from({ length: 12 }, async (_, lane) => {
      for (let i = 0; i < 60; i++) all.push(await ask(from(lane), 'flush'));
    });
    await sleep(200);
    redis.cli('flushall');
    await Promise.all(load);
    all.push(...(await toTheEnd('flush')));
    expect(costs(all)).toBeLessThanOrEqual(0.3 * DOLLAR);
    expect(costs(all)).toBeGreaterThan(0.3 * DOLLAR * 0.97);
  }, 120_000);

  it('ask Redis for few requests far from the cap, and say so in their metrics', async () => {
    const metric = async (name: string): Promise<number> => {
      const answer = await fetch(`${from(0).url}/metrics`, {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      });
      return Number(new RegExp(`^headgate_cluster_${name} (.*)$`, 'm').exec(await answer.text())?.[1]);
    };
    expect(await metric('nodes')).toBe(3);
    const lanes = (each: number) =>
      Promise.all(
        Array.from({ length: 10 }, async () => {
          for (let i = 0; i < each; i++) expect((await ask(from(0), 'rich')).status).toBe(200);
        }),
      );
    // What a node holds beyond its use follows the load of the last second.
    await lanes(50);
    const before = [await metric('reservations_total'), await metric('waits_total')];
    await lanes(150);
    const [asked, waited] = [await metric('reservations_total'), await metric('waits_total')];
    expect(asked - (before[0] as number)).toBe(1_500);
    expect((waited - (before[1] as number)) / 1_500).toBeLessThan(0.05);
  });

  it('say that Redis is away, go on, and say it when it is back, without its password', async () => {
    await redis.crash();
    const ready = async (): Promise<{ status: number; text: string }> => {
      const answer = await fetch(`${from(1).url}/health/ready`);
      return { status: answer.status, text: await answer.text() };
    };
    for (let i = 0; i < 100 && !(await ready()).text.includes('degraded'); i++) await sleep(50);
    const away = await ready();
    expect(away.status).toBe(200);
    expect(JSON.parse(away.text)).toMatchObject({
      status: 'degraded',
      problems: [`Redis (127.0.0.1:${redis.port}) does not answer`],
    });
    expect((await ask(from(1), 'rich')).status).toBe(200);
    await redis.start();
    for (let i = 0; i < 200 && (await ready()).text.includes('degraded'); i++) await sleep(50);
    expect(JSON.parse((await ready()).text)).toMatchObject({ status: 'ready' });
    const logs = from(1).logs();
    expect(logs.match(/Redis does not answer/g)).toHaveLength(1);
    for (const node of nodes) expect(node.logs()).not.toContain('not-for-any-log');
  }, 60_000);
});
