import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertNotice } from '../../core/alerts/notice.js';
import { freePort, type Headgate, startHeadgate } from '../e2e/harness.js';
import { startVendors, type Vendors } from '../fakes/alert-vendors.js';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { noPostgres, once, type RealPostgres, startPostgres } from '../store/real-postgres.js';

const KEY = 'hg-0123456789abcdef0123456789abcdef';
const none = noPostgres ?? noRedis;
const EVERY_MS = 1_000;

/** What stands between the nodes and their database, and can be cut. */
interface Line {
  readonly port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

async function lineTo(target: number): Promise<Line> {
  const sockets = new Set<Socket>();
  const open = (port: number): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((near) => {
        const far = createConnection(target, '127.0.0.1');
        for (const one of [near, far]) {
          sockets.add(one);
          one.on('error', () => undefined).once('close', () => sockets.delete(one));
        }
        near.pipe(far).pipe(near);
        near.once('close', () => far.destroy());
        far.once('close', () => near.destroy());
      });
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  let server = await open(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async cut() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    async mend() {
      server = await open(port);
    },
  };
}

async function until<T>(what: string, look: () => Promise<T | null> | T | null): Promise<T> {
  for (const end = Date.now() + 60_000; ; await sleep(50)) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`);
  }
}

describe.skipIf(none !== null)('two gateways with alerts on one Postgres and one Redis', () => {
  let postgres: RealPostgres;
  let redis: RealRedis;
  let vendors: Vendors;
  let line: Line;
  let database: string;
  let nodes: Headgate[] = [];

  beforeAll(async () => {
    [postgres, redis, vendors] = await Promise.all([startPostgres(), startRedis(), startVendors()]);
    database = await postgres.database();
    const address = new URL(database);
    line = await lineTo(Number(address.port));
    address.port = String(line.port);
    const dead = await freePort();
    const config = {
      server: { threads: 1 },
      admin: { secret: 'the-secret-of-all-nodes-0123456789' },
      store: { url: address.href },
      cluster: { redis: redis.url, name: 'alerts' },
      keys: [{ name: 'app', value: KEY, expires: new Date(Date.now() + 3 * 86_400_000).toISOString() }],
      providers: {
        openai: { base_url: `http://127.0.0.1:${dead}/v1`, keys: [{ value: 'sk-nobody-is-there' }] },
      },
      models: { dead: { targets: ['openai/gpt-4o'], retries: { attempts: 1 } } },
      alerts: {
        destinations: { hook: { webhook: { url: `${vendors.url}/webhook` } } },
        rules: [
          { when: 'expiry', before: '7d' },
          { when: 'store', severity: 'critical' },
          { when: 'errors', least_requests: 1 },
        ],
        every: `${EVERY_MS}ms`,
        group: '1ms',
      },
    };
    nodes = await Promise.all([startHeadgate({ config }), startHeadgate({ config })]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.kill()));
    await line?.cut();
    await Promise.all([postgres?.stop(), redis?.stop(), vendors?.close()]);
  });

  /** `firing expiry`, in the order in which they came. */
  const told = (rule?: string): string[] =>
    vendors.told
      .flatMap(({ body }) => body['alerts'] as AlertNotice[])
      .filter((one) => rule === undefined || one.rule === rule)
      .map((one) => `${one.state} ${one.rule}`);

  const states = (name: string): Promise<Record<string, unknown>[]> =>
    once(database, `SELECT name, value, until_ms FROM alert_state WHERE name LIKE '${name}'`);

  /** Each of so many nodes has looked at its rules again and said so. */
  async function lookedAgain(count: number): Promise<void> {
    const untilOf = async (): Promise<Map<unknown, number>> =>
      new Map((await states('node:%')).map((row) => [row['name'], Number(row['until_ms'])]));
    const before = await untilOf();
    await until('all have looked again', async () => {
      const later = [...(await untilOf())].filter(
        ([name, at]) => at > (before.get(name) ?? 0) + 2 * EVERY_MS,
      );
      return later.length >= count ? later : null;
    });
  }

  const ask = async (node: Headgate, model: string): Promise<number> => {
    const answer = await fetch(`${node.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    });
    await answer.arrayBuffer();
    return answer.status;
  };

  it('tell once of what both find', async () => {
    await until('somebody tells', () => (told().length > 0 ? true : null));
    await lookedAgain(2);
    expect(told()).toEqual(['firing expiry']);
  }, 90_000);

  it('tell each for itself while the database is away, and nothing twice that was told before', async () => {
    await line.cut();
    for (const node of nodes) expect(await ask(node, 'mock/hello')).toBe(200);
    await until('both tell that the database is away', () => (told('store').length >= 2 ? true : null));
    expect(told()).toEqual(['firing expiry', 'firing store', 'firing store']);
    await line.mend();
    await lookedAgain(2);
    expect(told('expiry')).toEqual(['firing expiry']);
  }, 90_000);

  it('go on when the one that tells is killed, from what was kept', async () => {
    const leader = await until('somebody has the lease', async () => {
      const [row] = await states('lease');
      return row === undefined ? null : String(row['value']);
    });
    const [killed, left] = leader.includes(nodes[0]?.dataDir ?? '?') ? nodes : nodes.toReversed();
    if (killed === undefined || left === undefined) throw new Error('there are two');
    expect(leader).toContain(killed.dataDir);
    await killed.kill();
    nodes = [left];
    expect(await ask(left, 'dead')).toBe(502);
    await until('the other tells', () => (told('errors').length > 0 ? true : null));
    await lookedAgain(1);
    expect(told('errors')).toEqual(['firing errors']);
    expect(told('expiry')).toEqual(['firing expiry']);
    const [row] = await states('lease');
    expect(row?.['value']).toContain(left.dataDir);
  }, 90_000);
});
