import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupReservation } from '@headgate/sdk';
import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { noRedis, type RealRedis, startRedis, startRedisCluster } from '../state/real-redis.js';
import { type RealCounter, type RealNode, single, startNode } from './real-node.js';

const YEAR = { period: 'year' } as const;
const CAP = 1_000_000;

const nodes: RealNode[] = [];
let clusters = 0;
async function start(count: number, target = single(server.url), policy?: Parameters<typeof startNode>[2]) {
  const name = `c${++clusters}`;
  const made: RealNode[] = [];
  for (let i = 0; i < count; i++) made.push(await startNode(target, name, policy));
  nodes.push(...made);
  return made;
}
let server: RealRedis;
/** What others take of the cores may be long. */
const LONG = 30_000;

const until = async (ms: number, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come to that in time');
    await sleep(20);
  }
};

/** Takes as often as it goes, from all nodes in turn, until none has any left: not when asked again after a while either. */
async function drain(counters: readonly RealCounter[], amount: number, cap = CAP): Promise<number> {
  let taken = 0;
  for (let rounds = 0; rounds < 2; ) {
    let got = 0;
    for (const counter of counters) if ((await counter.take(amount, cap)).refused === null) got += amount;
    taken += got;
    if (got > 0) rounds = 0;
    else {
      rounds++;
      await sleep(120);
    }
  }
  return taken;
}

const total = (counters: readonly RealCounter[]): number =>
  counters.reduce((sum, one) => sum + one.count(), 0);

describe.skipIf(noRedis !== null)('nodes that share counters in a real Redis', () => {
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());
  afterEach(async () => {
    for (const { cluster } of nodes.splice(0)) await cluster.close();
  });

  it('never pass the cap together, use it to the end, and know what the others used', async () => {
    const made = await start(3);
    const counters = await Promise.all(made.map((node) => node.open('budget', YEAR)));
    const all = await Promise.all(
      Array.from({ length: 3_000 }, (_, i) =>
        (counters[i % 3] as RealCounter).take(500 + (i % 7) * 100, CAP),
      ),
    );
    expect(total(counters)).toBeLessThanOrEqual(CAP);
    for (const one of all) if (one.refused === null) one.settle([100]);
    const used = all.filter(({ refused }) => refused === null).length * 100;
    expect(total(counters)).toBe(used);
    await sleep(150);
    const more = await drain(counters, 1_000);
    expect(used + more).toBeLessThanOrEqual(CAP);
    expect(used + more).toBeGreaterThan(CAP * 0.99);
    await until(LONG, () => counters.every((one) => one.place.value() === used + more));
  });

  it('hold nothing of one limit for requests that another one refuses', async () => {
    const [one, two] = (await start(2)) as [RealNode, RealNode];
    const [wide, full] = await Promise.all([one.open('wide', YEAR), one.open('full', YEAR)]);
    const others = await Promise.all([two.open('wide', YEAR), two.open('full', YEAR)]);
    expect(await drain([others[1]], 1, 10)).toBe(10);
    const group = one.group(wide, full);
    for (let i = 0; i < 50; i++) expect((await group.reserve([7, 1], [1_000, 10])).refused).toBe(1);
    expect([wide.count(), full.count()]).toEqual([0, 0]);
    // What the first node was lent for them is there for the second one.
    expect(await drain([others[0]], 10, 1_000)).toBe(1_000);
  });

  it('keep to a cap that has become lower, whatever they held under the higher one', async () => {
    const made = await start(3);
    const counters = await Promise.all(made.map((node) => node.open('lowered', YEAR)));
    const used = await drain(counters.slice(0, 1), 1_000, 300_000);
    // Margins of all three under the higher cap.
    for (const counter of counters) await counter.take(10_000, 10 * CAP);
    const before = total(counters);
    expect(before).toBe(used + 30_000);
    const more = await drain(counters, 1_000, 400_000);
    expect(before + more).toBe(400_000);
  });

  it('ask Redis for less than one request in twenty while the cap is far', async () => {
    const [node] = await start(2);
    const counter = await (node as RealNode).open('far', YEAR);
    const running: GroupReservation[] = [];
    for (let tick = 0; tick < 60; tick++) {
      for (let i = 0; i < 40; i++) {
        const one = await counter.take(50, 1e12);
        if (one.refused === null) running.push(one);
        if (running.length > 20) running.shift()?.settle([30]);
      }
      await sleep(25);
    }
    const { cluster } = node as RealNode;
    expect(cluster.reservations).toBe(2_400);
    expect(cluster.lessor.counts.waits / cluster.reservations).toBeLessThan(0.05);
  });

  it('begin with what was used before them, asked for once', async () => {
    const made = await start(3);
    let asked = 0;
    const restore = async (): Promise<number> => {
      asked++;
      return 400_000;
    };
    const counters = await Promise.all(made.map((node) => node.open('before', { ...YEAR, restore })));
    expect(await drain(counters, 10_000)).toBe(600_000);
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(3);
  });

  it('leave what they used when they stop, and free the rest', async () => {
    const [first, second] = (await start(2)) as [RealNode, RealNode];
    const [one, two] = [await first.open('stop', YEAR), await second.open('stop', YEAR)];
    for (let i = 0; i < 30; i++) ((await one.take(10_000, CAP)) as GroupReservation).settle([9_000]);
    await first.cluster.close();
    expect(await drain([two], 10_000)).toBe(730_000);
  });

  it('hold what a crashed node held until it is back, and count nothing of it twice', async () => {
    const name = `c${++clusters}`;
    const other = await startNode(single(server.url), name);
    const first = await startNode(single(server.url), name, 'local-share', 'same-data-folder');
    nodes.push(other);
    const mine = await first.open('crash', YEAR);
    for (let i = 0; i < 20; i++) await mine.take(10_000, CAP);
    first.cluster.abandon();
    const again = await startNode(single(server.url), name, 'local-share', 'same-data-folder');
    nodes.push(again);
    const counters = [await other.open('crash', YEAR), await again.open('crash', YEAR)];
    const more = await drain(counters, 10_000);
    expect(200_000 + more).toBeLessThanOrEqual(CAP);
    // Its margin was for eight requests of that size.
    expect(200_000 + more).toBeGreaterThanOrEqual(CAP - 100_000);
  });

  it('free what a crashed node was running', async () => {
    const [first, second] = (await start(2)) as [RealNode, RealNode];
    const [one, two] = [await first.open('running'), await second.open('running')];
    for (let i = 0; i < 3; i++) expect((await one.take(1, 4)).refused).toBeNull();
    expect((await two.take(1, 4)).refused).toBeNull();
    expect((await two.take(1, 4)).refused).toBe(0);
    first.cluster.abandon();
    await until(LONG, async () => (await two.take(1, 4)).refused === null);
  });

  it('put back what they hold when Redis loses everything, and pass nothing', async () => {
    const made = await start(3);
    const counters = await Promise.all(made.map((node) => node.open('flush', YEAR)));
    const load = counters.map(async (counter) => {
      for (let i = 0; i < 300; i++) {
        const one = await counter.take(2_000, CAP);
        if (one.refused === null) one.settle([1_900]);
        await sleep(2);
      }
    });
    await sleep(150);
    server.cli('flushall');
    await Promise.all(load);
    await drain(counters, 1_000);
    expect(total(counters)).toBeLessThanOrEqual(CAP);
    expect(total(counters)).toBeGreaterThan(CAP * 0.98);
  });

  it('share values with each other, and messages that something was changed', async () => {
    const [first, second] = (await start(2)) as [RealNode, RealNode];
    await first.cluster.values.set('plugin:a', { at: new Date(5), many: new Map([[1, 'x']]) }, 60_000);
    expect(await second.cluster.values.get('plugin:a')).toEqual({
      at: new Date(5),
      many: new Map([[1, 'x']]),
    });
    await second.cluster.values.delete('plugin:a');
    expect(await first.cluster.values.get('plugin:a')).toBeUndefined();
    await expect(first.cluster.values.set('large', 'x'.repeat(2_000_000))).rejects.toThrow('too large');
    let told = 0;
    second.cluster.onChanged = () => told++;
    first.cluster.changed();
    await until(LONG, () => told === 1);
  });
});

/** Closes at the end of the test: servers that go away, and tests that wait for that beside each other. */
async function ownRedis({ onTestFinished }: TestContext): Promise<{ own: RealRedis; mine: RealNode[] }> {
  const own = await startRedis();
  const mine: RealNode[] = [];
  onTestFinished(async () => {
    for (const { cluster } of mine) await cluster.close();
    await own.stop();
  });
  return { own, mine };
}

describe.skipIf(noRedis !== null).concurrent('while Redis is away', () => {
  async function awayWith(context: TestContext, policy: 'open' | 'closed' | 'local-share') {
    const { own, mine: made } = await ownRedis(context);
    const name = `c${++clusters}`;
    for (let i = 0; i < 2; i++) made.push(await startNode(single(own.url), name, policy));
    const counters = await Promise.all(made.map((node) => node.open('away', YEAR)));
    for (const counter of counters)
      ((await counter.take(100_000, CAP)) as GroupReservation).settle([100_000]);
    await until(LONG, () => made.every(({ cluster }) => cluster.nodes === 2));
    await sleep(1_200);
    await own.crash();
    await until(LONG, async () => {
      for (const counter of counters) {
        const one = await counter.take(1_000, CAP);
        if (one.refused === null) one.settle([0]);
      }
      return made.every(({ cluster }) => cluster.away);
    });
    return { own, made, counters };
  }

  async function back(
    own: RealRedis,
    made: readonly RealNode[],
    counters: readonly RealCounter[],
  ): Promise<void> {
    await own.start();
    await until(LONG, () => made.every(({ said }) => said.includes('Redis answers again')));
    for (const { said } of made) {
      expect(said.filter((line) => line === 'Redis does not answer')).toHaveLength(1);
      expect(said.filter((line) => line === 'Redis answers again')).toHaveLength(1);
    }
    // Nothing is counted twice: what was used on both is what both know of.
    const used = total(counters);
    await sleep(2_600);
    const more = await drain(counters, 1_000);
    expect(total(counters)).toBe(used + more);
    await until(LONG, () => counters.every((one) => one.place.value() === used + more));
  }

  it('each node uses its part of what is left, by default', async (context) => {
    const { own, made, counters } = await awayWith(context, 'local-share');
    const taken = await drain(counters, 1_000);
    expect(taken).toBeGreaterThan(600_000);
    expect(taken + 200_000).toBeLessThanOrEqual(CAP);
    await back(own, made, counters);
    expect(total(counters)).toBeLessThanOrEqual(CAP);
  }, 120_000);

  it('nothing is taken that is not held, where it is closed to that', async (context) => {
    const { own, made, counters } = await awayWith(context, 'closed');
    const one = await (counters[0] as RealCounter).take(500_000, CAP);
    expect(one).toMatchObject({ refused: 0, unavailable: true });
    await back(own, made, counters);
    expect(total(counters)).toBeLessThanOrEqual(CAP);
  }, 120_000);

  it('each node counts by itself, where it is open to that', async (context) => {
    const { own, made, counters } = await awayWith(context, 'open');
    expect(await drain(counters, 100_000)).toBe(1_800_000);
    await own.start();
    await until(LONG, () => made.every(({ cluster }) => !cluster.away));
    expect((await (counters[0] as RealCounter).take(1, CAP)).refused).toBe(0);
  }, 120_000);
});

describe.skipIf(noRedis !== null).concurrent('nodes that start while Redis is away', () => {
  async function startTwo(context: TestContext, policy: 'open' | 'closed' | 'local-share') {
    const { own, mine } = await ownRedis(context);
    await own.crash();
    const target = single(own.url);
    const name = `c${++clusters}`;
    const made = await Promise.all(
      [1, 2].map(() => startNode(target, name, policy, undefined, undefined, 2)),
    );
    mine.push(...made);
    for (const { cluster, said } of made) {
      expect(cluster.away).toBe(true);
      expect(said).toEqual(['Redis does not answer']);
    }
    const options = { ...YEAR, restore: async () => 400_000 };
    const counters = await Promise.all(made.map((node) => node.open('early', options)));
    const heal = async (): Promise<void> => {
      await own.start();
      await until(LONG, () => made.every(({ cluster }) => !cluster.away));
      await until(LONG, () => made.every(({ cluster }) => cluster.nodes === 2));
      await sleep(2_600);
    };
    return { counters: counters as [RealCounter, RealCounter], heal };
  }

  it('take their parts of what the ledger says is left, and are one again when it is there', async (context) => {
    const { counters, heal } = await startTwo(context, 'local-share');
    for (const one of counters) expect(await drain([one], 10_000)).toBe(300_000);
    await heal();
    expect(await drain(counters, 10_000)).toBe(0);
    expect(await drain(counters, 10_000, CAP + 100_000)).toBe(100_000);
  }, 120_000);

  it('refuse until it is there, where they are closed to that', async (context) => {
    const { counters, heal } = await startTwo(context, 'closed');
    expect(await counters[0].take(10_000, CAP)).toEqual({ refused: 0, unavailable: true });
    await heal();
    expect(await drain(counters, 10_000)).toBe(600_000);
  }, 120_000);

  it('count by themselves until it is there, where they are open to that', async (context) => {
    const { counters, heal } = await startTwo(context, 'open');
    expect(await drain(counters, 100_000)).toBe(2 * CAP);
    await heal();
    expect((await counters[0].take(1, CAP)).refused).toBe(0);
  }, 120_000);
});

describe.skipIf(noRedis !== null)('a Redis cluster of three', () => {
  it('holds the counters of nodes too', async () => {
    const redis = await startRedisCluster();
    try {
      const urls = redis.nodes.map(({ url }) => url);
      const made = await start(2, { urls, kind: 'cluster', master: '' });
      for (const name of ['a', 'b', 'c', 'd']) {
        const counters = await Promise.all(made.map((node) => node.open(name, YEAR)));
        expect(await drain(counters, 50_000)).toBe(CAP);
      }
      await made[0]?.cluster.values.set('x', 1);
      expect(await made[1]?.cluster.values.get('x')).toBe(1);
      for (const { cluster } of nodes.splice(0)) await cluster.close();
    } finally {
      await redis.stop();
    }
  }, 60_000);
});

describe.skipIf(noRedis !== null)('sentinels', () => {
  it('tell where the server is', async () => {
    const master = await startRedis();
    const watching = await startRedis({ sentinelOf: master });
    try {
      const made = await start(2, { urls: [watching.url], kind: 'sentinel', master: 'mymaster' });
      const counters = await Promise.all(made.map((node) => node.open('watched', YEAR)));
      expect(await drain(counters, 100_000)).toBe(CAP);
      expect(master.cli('keys', '*nodes*')).not.toBe('');
      for (const { cluster } of nodes.splice(0)) await cluster.close();
    } finally {
      await Promise.all([watching.stop(), master.stop()]);
    }
  });
});

it('says which Redis cannot be reached, without its password', async () => {
  const target = single('redis://user:a-password-nobody-may-see@127.0.0.1:1');
  const { cluster, said, why } = await startNode(target, 'none');
  try {
    expect(said).toEqual(['Redis does not answer']);
    expect(why[0]).toMatch(/Redis \(cluster\.redis, 127\.0\.0\.1:1\) cannot be reached: .*ECONNREFUSED/);
    expect(why[0]).not.toContain('a-password');
  } finally {
    await cluster.close();
  }
});

it.skipIf(noRedis !== null)(
  'does not wait for a Redis that lets it not in',
  async () => {
    const locked = await startRedis({ password: 'the-password-that-is-right' });
    try {
      for (const account of ['', ':a-password-nobody-may-see@']) {
        const target = single(`redis://${account}127.0.0.1:${locked.port}`);
        const error = await startNode(target, 'locked').catch((reason: Error) => reason);
        expect(String(error)).toMatch(
          /Redis \(cluster\.redis, 127\.0\.0\.1:\d+\) cannot be used: (WRONGPASS|NOAUTH)/,
        );
        expect(String(error)).not.toContain('a-password');
      }
    } finally {
      await locked.stop();
    }
  },
  40_000,
);
