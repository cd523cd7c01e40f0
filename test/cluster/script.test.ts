import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HoldAsk } from '../../core/cluster/hold-store.js';
import { RedisLink } from '../../core/store/redis/redis-link.js';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { ModelHolds } from './model-holds.js';

describe.skipIf(noRedis !== null)('the step of a counter in a real Redis', () => {
  let server: RealRedis;
  const names = ['a~1', 'a~2', 'b~1', 'c~1'];
  const links = new Map<string, RedisLink>();
  beforeAll(async () => {
    server = await startRedis({ password: 'only-for-this-test' });
    let epochs = 0;
    for (const name of names) {
      const target = { urls: [server.url], kind: 'single' as const, master: '' };
      const link = new RedisLink(target, 'test', name, () => `epoch${++epochs}`);
      await link.connect();
      links.set(name, link);
    }
  });
  afterAll(async () => {
    for (const link of links.values()) link.close();
    await server?.stop();
  });

  const amount = fc.nat(1_000_000_000);
  const one = fc.record({
    who: fc.constantFrom(...names),
    count: amount,
    spare: amount,
    least: amount,
    need: amount,
    want: amount,
    cap: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(4_000_000_000)),
    nodes: fc.integer({ min: 1, max: 4 }),
    late: fc.boolean(),
    wantsBase: fc.boolean(),
    base: fc.oneof(
      fc.constant(''),
      fc.nat(500_000_000).map((sum) => `${sum} 0`),
    ),
    spared: fc.constantFrom('', 'a~1', 'a~2 a~1'),
    settle: fc.option(fc.record({ life: fc.constantFrom(...names), least: amount, most: amount }), {
      freq: 5,
    }),
    final: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });

  it('is what the model says, whatever is asked', async () => {
    let run = 0;
    const property = fc.asyncProperty(fc.array(one, { maxLength: 25 }), async (steps) => {
      const key = `k${++run}`;
      const model = new ModelHolds(() => 1e13);
      const [known = ''] = await (links.get('a~1') as RedisLink).epochs(1).then(async ([found]) => {
        if (found !== '') return [found];
        await links.get('a~1')?.makeEpochs(1, true);
        return (links.get('a~1') as RedisLink).epochs(1);
      });
      const epoch = model.epoch(0, true);
      let seq = 0;
      for (const step of steps) {
        const floor = step.count + step.spare;
        const least = floor + step.least;
        const need = least + step.need;
        const ask: HoldAsk = {
          key,
          bucket: 0,
          epoch: known,
          seq: step.late ? Math.max(0, seq - 2) : ++seq,
          count: step.count,
          floor,
          least,
          need,
          want: need + step.want,
          cap: step.cap,
          nodes: step.nodes,
          keepMs: 60_000,
          forgetMs: 0,
          live: false,
          wantsBase: step.wantsBase,
          base: step.base,
          final: step.final,
          about: 'something',
          spared: step.spared,
        };
        const real = await (links.get(step.who) as RedisLink).hold(ask);
        const modelled = model.step(step.who, { ...ask, epoch });
        expect({ ...real, epoch: '' }).toEqual({ ...modelled, epoch: '' });
        if (step.settle === null) continue;
        const settle = { key, bucket: 0, ...step.settle, forgetMs: 0 };
        expect(await (links.get(step.who) as RedisLink).settle(settle)).toBe(model.settle(settle));
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('tells a node that the data is gone, and grants nothing until the others had time to put back what they hold', async () => {
    const link = links.get('b~1') as RedisLink;
    const ask: HoldAsk = {
      key: 'lost',
      bucket: 3,
      epoch: 'what it was',
      seq: 1,
      count: 10,
      floor: 10,
      least: 20,
      need: 20,
      want: 20,
      cap: 100,
      nodes: 2,
      keepMs: 60_000,
      forgetMs: 0,
      live: false,
      wantsBase: false,
      base: '',
      final: false,
      about: '',
      spared: '',
    };
    const told = await link.hold(ask);
    expect(told).toMatchObject({ status: 'epoch', hold: 0 });
    const waits = await link.hold({ ...ask, epoch: told.epoch });
    expect(waits).toMatchObject({ status: 'wait', hold: 10 });
    expect(waits.waitMs).toBeGreaterThan(500);
    // What is held is put back meanwhile.
    const kept = await link.hold({ ...ask, epoch: told.epoch, seq: 2, least: 10, need: 10, want: 10 });
    expect(kept).toMatchObject({ status: 'ok', hold: 10 });
  });

  it('keeps all digits of a counter', async () => {
    const large = 9_007_199_254_740_991;
    const link = links.get('c~1') as RedisLink;
    await link.makeEpochs(8, true);
    const [, , , , , , , epoch = ''] = await link.epochs(8);
    const answer = await link.hold({
      key: 'large',
      bucket: 7,
      epoch,
      seq: 1,
      count: large,
      floor: large,
      least: large,
      need: large,
      want: large,
      cap: large,
      nodes: 1,
      keepMs: 60_000,
      forgetMs: 0,
      live: false,
      wantsBase: false,
      base: '',
      final: false,
      about: '',
      spared: '',
    });
    expect(answer.hold).toBe(large);
  });
});
