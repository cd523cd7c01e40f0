import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { noRedis, type RealRedis, startRedis } from '../state/real-redis.js';
import { settled } from '../store/records.js';
import { runSinks, sinkSettings } from './running-sinks.js';

const PASSWORD = 'planted-9a8b7c6d';
const SLOW = { timeout: 20_000 };

/** The ids of entries without their records, which may be large. */
const IDS = `local ids = {}
  for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+')) do ids[#ids + 1] = entry[2][2] end
  return ids`;

describe.skipIf(noRedis !== null)('a stream of a real Redis', () => {
  let server: RealRedis;
  beforeAll(async () => {
    server = await startRedis({ password: PASSWORD });
  }, 60_000);
  afterAll(() => server.stop());
  beforeEach(() => void server.cli('FLUSHALL'));

  function run() {
    const sinks = runSinks([sinkSettings('redis', { url: server.url, stream: 'requests' })], null);
    onTestFinished(async () => {
      await sinks.close();
      expect(JSON.stringify([sinks.lines, sinks.sinks.states()])).not.toContain(PASSWORD);
    });
    return { sinks, state: () => sinks.sinks.states()[0] };
  }
  const idsIn = (): string[] =>
    server
      .cli('EVAL', IDS, '1', 'requests')
      .split('\n')
      .filter((id) => id !== '');
  const idsOf = (some: readonly { id: string }[]): string[] => some.map(({ id }) => id);

  it('has every record, also those of while it was away', async () => {
    const { sinks, state } = run();
    const before = [settled(), settled()];
    await sinks.settle(before);
    await expect.poll(idsIn, SLOW).toEqual(idsOf(before));
    await server.crash();
    const away = [settled(), settled()];
    await sinks.settle(away);
    await expect.poll(() => state()?.failing, SLOW).not.toBeNull();
    await server.start();
    await expect.poll(idsIn, SLOW).toEqual(idsOf(away));
    expect(server.cli('XRANGE', 'requests', '-', '+')).toContain('"customer":"acme"');
  });

  it('that was full in the middle of a batch has each record once, in order, when there is room', async () => {
    const { sinks, state } = run();
    // Some ten megabytes, of which two have room.
    const used = Number(/^used_memory:(\d+)/m.exec(server.cli('INFO', 'memory'))?.[1]);
    server.cli('CONFIG', 'SET', 'maxmemory', String(used + 2 * 1024 * 1024));
    onTestFinished(() => void server.cli('CONFIG', 'SET', 'maxmemory', '0'));
    const records = Array.from({ length: 200 }, () => settled({ errorMessage: 'x'.repeat(50_000) }));
    await sinks.settle(records);
    await expect.poll(() => state()?.failing, SLOW).toContain('OOM');
    const inside = Number(server.cli('XLEN', 'requests'));
    expect(inside).toBeGreaterThan(0);
    expect(inside).toBeLessThan(200);
    expect(state()?.counts.sent).toBe(inside);
    server.cli('CONFIG', 'SET', 'maxmemory', '0');
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 200, refused: 0 } });
    expect(idsIn()).toEqual(idsOf(records));
  });

  it('whose key is something else keeps records waiting until it is not', async () => {
    const { sinks, state } = run();
    server.cli('SET', 'requests', 'something else');
    const records = [settled(), settled()];
    await sinks.settle(records);
    await expect.poll(() => state()?.failing, SLOW).toContain('WRONGTYPE');
    expect(state()?.counts).toMatchObject({ sent: 0, refused: 0 });
    server.cli('DEL', 'requests');
    await expect.poll(state, SLOW).toMatchObject({ failing: null, counts: { sent: 2 } });
    expect(idsIn()).toEqual(idsOf(records));
  });
});
