import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, type Spawned, spawnHeadgate } from '../e2e/harness.js';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { noPostgres, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const POLICIES = ['open', 'local-share', 'closed'] as const;
type Policy = (typeof POLICIES)[number];
const none = noPostgres ?? noRedis;
const keyOf = (name: string): string => `hg-${name}-key-0123456789`;

describe.skipIf(none !== null)('a node that starts while Redis is away', () => {
  let postgres: RealPostgres;
  let redis: RealRedis;
  const nodes = new Map<Policy, { spawned: Spawned; url: string }>();

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    await redis.crash();
    for (const policy of POLICIES) {
      const port = await freePort();
      const config = {
        server: { threads: 1 },
        auth: { required: true },
        admin: { token: 'hga-of-this-test-0123456789abcdef', secret: 'the-secret-of-all-nodes-0123456789' },
        store: { url: await postgres.database() },
        cluster: { redis: redis.url, policy, name: `of-${policy}` },
        keys: [
          { name: 'six', value: keyOf('six'), limits: { windows: [{ requests: 6, per: 'year' }] } },
          { name: 'free', value: keyOf('free') },
        ],
      };
      const args = ['--config', 'headgate.yaml', '--port', String(port), '--data', 'data'];
      nodes.set(policy, { spawned: spawnHeadgate(args, { config }), url: `http://127.0.0.1:${port}` });
    }
    await Promise.all(
      POLICIES.map((policy) => until(policy, '/health/live', ({ status }) => status === 200)),
    );
  }, 120_000);
  afterAll(async () => {
    await Promise.all([...nodes.values()].map(({ spawned }) => spawned.stop()));
    await Promise.all([postgres?.stop(), redis?.stop()]);
  });

  interface Told {
    readonly status: number;
    readonly text: string;
  }

  async function get(policy: Policy, path: string): Promise<Told> {
    const answer = await fetch(`${nodes.get(policy)?.url}${path}`).catch(() => null);
    return answer === null ? { status: 0, text: '' } : { status: answer.status, text: await answer.text() };
  }

  async function until(policy: Policy, path: string, holds: (told: Told) => boolean): Promise<Told> {
    for (const end = Date.now() + 60_000; ; await sleep(50)) {
      const told = await get(policy, path);
      if (holds(told)) return told;
      if (Date.now() > end)
        throw new Error(
          `${policy}: ${path} says ${told.status} ${told.text}\n${nodes.get(policy)?.spawned.logs()}`,
        );
    }
  }

  async function ask(policy: Policy, name: string): Promise<Told> {
    const answer = await fetch(`${nodes.get(policy)?.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keyOf(name)}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'mock/hello', messages: [{ role: 'user', content: 'Hello' }] }),
    });
    return { status: answer.status, text: await answer.text() };
  }

  const statuses = async (policy: Policy, count: number): Promise<number[]> => {
    const found: number[] = [];
    for (let i = 0; i < count; i++) found.push((await ask(policy, 'six')).status);
    return found;
  };
  const SIX = [200, 200, 200, 200, 200, 200];

  it.each(['open', 'local-share'] as const)('counts by itself, and says so (%s)', async (policy) => {
    const ready = await until(policy, '/health/ready', ({ status }) => status === 200);
    expect(JSON.parse(ready.text)).toMatchObject({ status: 'degraded' });
    expect(ready.text).toContain('does not answer');
    expect(await statuses(policy, 8)).toEqual([...SIX, 429, 429]);
  });

  it('refuses what is limited and nothing else, and is not ready (closed)', async () => {
    const refused = await ask('closed', 'six');
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
      503,
      { error: { code: 'counters_unavailable' } },
    ]);
    expect((await ask('closed', 'free')).status).toBe(200);
    expect((await get('closed', '/health/ready')).status).toBe(503);
  });

  it('is one of the others when it is there, and has counted nothing twice', async () => {
    await redis.start();
    for (const policy of POLICIES)
      await until(policy, '/health/ready', ({ text }) => text.includes('"ready"'));
    expect(await statuses('closed', 7)).toEqual([...SIX, 429]);
    for (const policy of ['open', 'local-share'] as const) expect(await statuses(policy, 1)).toEqual([429]);
    for (const { spawned } of nodes.values())
      expect(spawned.logs().match(/"level":"error"/g) ?? []).toEqual([]);
  }, 90_000);
});
