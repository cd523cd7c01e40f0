import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClusterPolicy } from '../../core/cluster/lessor.js';
import { ModelHolds, SETTLE_MS } from './model-holds.js';
import { SimulatedNode, type World } from './simulated-node.js';

const CAP = 1_000;
const START = Date.UTC(2026, 5, 1);

/** Lets everything run that does not wait for the test. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

function worldOf(policy: ClusterPolicy, nodes: number): World {
  const clock = { now: START };
  const holds = new ModelHolds(() => clock.now);
  const world: World = { clock, policy, cap: CAP, holds, nodes: new Set(), ledger: new Map(), asleep: [] };
  for (let i = 0; i < nodes; i++) world.nodes.add(new SimulatedNode(`n${i}~1`, world));
  return world;
}

/** Time passes, and who waited for it goes on. */
function pass({ clock, asleep }: World, ms: number): void {
  clock.now += ms;
  for (const one of asleep.splice(0)) {
    if (one.until <= clock.now) one.awake();
    else asleep.push(one);
  }
}

/** Everything that is on its way arrives, again and again until nothing is. */
async function calm({ nodes }: World): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await settle();
    for (const node of nodes) node.back();
    await settle();
    const busy = [...nodes].filter(({ sent }) => sent.length > 0);
    if (busy.length === 0) return;
    for (const node of busy) node.arrive(node.sent[0]?.given === true ? 'late' : 'well');
  }
  throw new Error('the nodes do not come to rest');
}

const who = fc.nat(3);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('ask' as const), who, amount: fc.integer({ min: 1, max: 150 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      who,
      which: fc.nat(20),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('arrive' as const),
      who,
      how: fc.constantFrom(
        'well' as const,
        'well' as const,
        'well' as const,
        'well' as const,
        'lost' as const,
        'answer-lost' as const,
        'late' as const,
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('look' as const), who }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('back' as const), who }) },
);
const crash = fc.record({ do: fc.constant('crash' as const), who, unrecorded: fc.constant(0) });
/** The last answers were given, and their records were not on disk yet. */
const crashInBatch = fc.record({
  do: fc.constant('crash' as const),
  who,
  unrecorded: fc.integer({ min: 1, max: 80 }),
});
const ghost = fc.record({ do: fc.constant('ghost' as const), who });
const settled = fc.record({ do: fc.constant('settle' as const), who, more: fc.nat(60) });
/** A request from its begin to its end, with nothing lost. */
const whole = fc.record({
  do: fc.constant('whole' as const),
  who,
  amount: fc.integer({ min: 20, max: 150 }),
});
const restart = fc.record({ do: fc.constant('restart' as const), who });
const flush = fc.record({ do: fc.constant('flush' as const), who });

type Step =
  | { do: 'ask'; who: number; amount: number }
  | { do: 'end'; who: number; which: number; share: number }
  | { do: 'arrive'; who: number; how: 'well' | 'lost' | 'answer-lost' | 'late' }
  | { do: 'whole'; who: number; amount: number }
  | { do: 'settle'; who: number; more: number }
  | { do: 'crash'; who: number; unrecorded: number }
  | { do: 'look' | 'back' | 'restart' | 'flush' | 'ghost'; who: number };

interface Played {
  readonly world: World;
  /** By all nodes, those that are gone too. */
  used(): number;
  /** The cap, and what crashed nodes used that is in no record. */
  most(): number;
  startAgain(): void;
}

/** Plays the steps. After each, what all nodes used and reserved, those that are gone too, must be under the cap. */
async function play(steps: readonly Step[], policy: ClusterPolicy = 'closed'): Promise<Played> {
  const world = worldOf(policy, 3);
  const { nodes } = world;
  let boots = 1;
  let dead = 0;
  let unrecorded = 0;
  const most = (): number => CAP + unrecorded;
  const gone = new Set<number>();
  /** What nodes sent before they crashed, and what lives of each are over. */
  const ghosts: { readonly name: string; readonly ask: SimulatedNode['sent'][number]['ask'] }[] = [];
  const earlier: string[][] = [[], [], []];
  const begin = (number: number): SimulatedNode =>
    new SimulatedNode(`n${number}~${++boots}`, world, earlier[number]);
  const used = (): number => dead + [...nodes].reduce((sum, { counter }) => sum + countOf(counter), 0);
  for (const one of steps) {
    const number = one.who % 3;
    const node = [...nodes].find(({ name }) => name.startsWith(`n${number}~`));
    if (one.do === 'flush') {
      world.holds.flush();
      // Each looks at least once in the time that nothing is granted.
      for (const each of nodes) each.beat();
      await calm(world);
      pass(world, SETTLE_MS);
    } else if (one.do === 'restart' && node === undefined) {
      nodes.add(begin(number));
      gone.delete(number);
    } else if (one.do === 'ghost') {
      const late = ghosts.shift();
      if (late !== undefined) world.holds.step(late.name, late.ask);
    } else if (node === undefined) continue;
    else if (one.do === 'ask') node.ask(one.amount);
    else if (one.do === 'end') node.end(one.which, one.share);
    else if (one.do === 'arrive') node.arrive(one.how);
    else if (one.do === 'look') {
      pass(world, 100);
      node.look();
    } else if (one.do === 'back') node.back();
    else if (one.do === 'whole') {
      node.ask(one.amount);
      await calm(world);
      node.end(node.running.length - 1, 0.9);
    } else if (one.do === 'settle') {
      node.settleEarlier(one.more);
      earlier[number] = [];
    } else if (one.do === 'crash') {
      // What ran used nothing that anybody knows.
      dead += node.settled;
      const lost = Math.min(one.unrecorded, node.settled);
      unrecorded += lost;
      world.ledger.set(node.name, node.settled - lost);
      earlier[number]?.push(node.name);
      for (const { ask } of node.sent) ghosts.push({ name: node.name, ask });
      node.gone();
      nodes.delete(node);
      gone.add(number);
    }
    await settle();
    expect(used()).toBeLessThanOrEqual(most());
  }
  const startAgain = (): void => {
    for (const number of gone) nodes.add(begin(number));
    gone.clear();
  };
  return { world, used, most, startAgain };
}

/** All that are gone start again, and all take what they can get: the cap must hold then, too. */
async function toTheEnd({ world, used, most, startAgain }: Played): Promise<void> {
  startAgain();
  await calm(world);
  for (let i = 0; i < 15; i++) {
    for (const node of world.nodes) for (const amount of [90, 30, 10]) node.ask(amount);
    await calm(world);
    pass(world, 150);
    expect(used()).toBeLessThanOrEqual(most());
  }
}

/** Without what others said they used. */
function countOf(counter: SimulatedNode['counter']): number {
  const { memory } = counter;
  memory.lock.acquire();
  const count = counter.count(counter.now());
  memory.lock.release();
  return count;
}

describe('what several nodes take of one budget', () => {
  const steps = (...more: fc.Arbitrary<Step>[]) =>
    fc.array(
      fc.oneof(
        { weight: 20, arbitrary: step as fc.Arbitrary<Step> },
        ...more.map((arbitrary) => ({ weight: 3, arbitrary })),
      ),
      { minLength: 30, maxLength: 160, size: 'max' },
    );

  it('never passes the cap, whatever is lost, late or done twice', async () => {
    await fc.assert(
      fc.asyncProperty(steps(), async (all) => toTheEnd(await play(all))),
      { numRuns: 120, interruptAfterTimeLimit: 4_000 },
    );
  });

  it('never passes it either when nodes crash and start again', async () => {
    await fc.assert(
      fc.asyncProperty(steps(crash, restart), async (all) => toTheEnd(await play(all))),
      { numRuns: 120, interruptAfterTimeLimit: 4_000 },
    );
  });

  it('never passes it either when what a crashed node did not use is given back', async () => {
    await fc.assert(
      fc.asyncProperty(steps(crash, restart, settled, ghost, whole, whole), fc.nat(60), async (all, more) => {
        const played = await play(all);
        played.startAgain();
        for (const node of played.world.nodes) node.settleEarlier(more);
        await toTheEnd(played);
      }),
      { numRuns: 100, interruptAfterTimeLimit: 2_500 },
    );
  });

  it('is passed at most by what crashed nodes had not recorded, where answers do not wait for records', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(crashInBatch, restart, settled, ghost, whole, whole),
        fc.nat(60),
        async (all, more) => {
          const played = await play(all);
          played.startAgain();
          for (const node of played.world.nodes) node.settleEarlier(more);
          await toTheEnd(played);
        },
      ),
      { numRuns: 100, interruptAfterTimeLimit: 2_500 },
    );
  });

  it('strands nothing of a node that crashed and is back', async () => {
    await fc.assert(
      fc.asyncProperty(steps(crash, restart, settled, whole, whole), who, async (all, last) => {
        const exact = all.map((one) => ('more' in one ? { ...one, more: 0 } : one));
        const { world, used, startAgain } = await play(exact);
        startAgain();
        await calm(world);
        for (const node of world.nodes) node.settleEarlier(0);
        for (const node of world.nodes) while (node.running.length > 0) node.end(0, 0.5);
        await calm(world);
        pass(world, SETTLE_MS);
        await calm(world);
        const left = CAP - used();
        const node = [...world.nodes][last % 3] as SimulatedNode;
        if (left === 0) return;
        node.ask(left);
        await calm(world);
        expect({ left, running: node.running.length }).toEqual({ left, running: 1 });
      }),
      { numRuns: 100, interruptAfterTimeLimit: 2_500 },
    );
  });

  it('never passes it when the store loses everything', async () => {
    await fc.assert(
      fc.asyncProperty(steps(flush), async (all) => toTheEnd(await play(all))),
      { numRuns: 100, interruptAfterTimeLimit: 4_000 },
    );
  });

  it('strands nothing: when all is settled, any node can take what is left', async () => {
    await fc.assert(
      fc.asyncProperty(steps(), who, async (all, last) => {
        const { world } = await play(all);
        await calm(world);
        for (const node of world.nodes) while (node.running.length > 0) node.end(0, 0.5);
        await calm(world);
        pass(world, SETTLE_MS);
        await calm(world);
        const left = CAP - [...world.nodes].reduce((sum, { counter }) => sum + countOf(counter), 0);
        const node = [...world.nodes][last % 3] as SimulatedNode;
        if (left === 0) return;
        const before = node.refused;
        node.ask(left);
        await calm(world);
        expect({ left, refused: node.refused - before, running: node.running.length }).toEqual({
          left,
          refused: 0,
          running: 1,
        });
      }),
      { numRuns: 100, interruptAfterTimeLimit: 4_000 },
    );
  });

  it('is not waited for far from the cap, once it is known how much is needed', async () => {
    const world = worldOf('closed', 3);
    const [node] = [...world.nodes] as [SimulatedNode];
    Object.assign(world, { cap: 1e12 });
    const rich = new SimulatedNode('rich~1', { ...world, cap: 1e12 });
    world.nodes.add(rich);
    let waited = 0;
    let asked = 0;
    for (let tick = 0; tick < 100; tick++) {
      for (let i = 0; i < 50; i++) {
        const before = rich.lessor.counts.waits;
        rich.ask(100);
        waited += rich.lessor.counts.waits - before;
        asked++;
        if (rich.running.length > 20) rich.end(0, 0.7);
        for (const each of [rich, node]) each.arrive('well');
        await settle();
      }
      world.clock.now += 100;
      rich.look();
      await settle();
    }
    expect(asked).toBe(5_000);
    expect(waited / asked).toBeLessThan(0.05);
  });
});
