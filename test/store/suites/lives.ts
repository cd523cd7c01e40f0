import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QUARTER_MS } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LedgerStore } from '../../../core/store/ledger-store.js';
import { NodeLives } from '../../../core/store/node-lives.js';
import { SegmentNames } from '../../../core/store/segment-names.js';
import { settled, taken, usage } from '../records.js';
import { tempDir } from '../temp-dir.js';
import type { Database } from './database.js';

const BOOTS = ['00000000000a', '00000000000b', '00000000000c'] as const;
const BY = { kind: 'key', id: 'k1' } as const;
const NOON = Date.UTC(2026, 0, 31, 12);

/** What every database knows of what each life of a node has recorded. */
export function livesSuite({ open, runs }: Database): void {
  const start = async () => {
    const db = await open();
    const folder = tempDir();
    const begin = (boot: string, node = 'node') => NodeLives.open(db, folder, { node, boot, waits: true });
    return { db, folder, begin };
  };

  test('records that are read back count for the life that wrote them, whichever writes them to the database', async () => {
    const record = fc.record({ boot: fc.nat(2), cost: fc.nat(1000), quarter: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(5),
        async (records, together, since) => {
          const { db, begin } = await start();
          for (const boot of BOOTS.slice(0, 2)) await begin(boot);
          const lives = await begin(BOOTS[2]);
          const store = new LedgerStore(db, lives);
          const segments = BOOTS.map((boot) => new SegmentNames(boot).next());
          const batches = records.map(({ boot, cost, quarter }, i) => ({
            batch: taken(settled({ costNano: cost, time: NOON + quarter * QUARTER_MS + 7 })).batch,
            // What could not be spooled is this life's.
            end: boot === 2 && i % 2 === 0 ? null : { segment: segments[boot] ?? '', offset: i + 1 },
          }));
          for (let i = 0; i < batches.length; i += together)
            await store.commit(batches.slice(i, i + together));
          for (const [boot, name] of BOOTS.entries()) {
            const own = records.filter((one) => one.boot === boot && one.quarter >= since);
            const used = await lives.used(`node~${name}`, BY, NOON + since * QUARTER_MS);
            expect(used?.least).toMatchObject({
              requests: own.length,
              nanos: own.reduce((sum, { cost }) => sum + cost, 0),
            });
          }
          await db.close();
        },
      ),
      { numRuns: runs },
    );
  });

  test('what began shortly before a window may belong to it, and what it certainly used is told apart from that', async () => {
    const { db, begin } = await start();
    const lives = await begin(BOOTS[0]);
    const store = new LedgerStore(db, lives);
    await store.commit([
      taken(settled({ time: NOON - 5, costNano: 5, usage: usage({ inputTokens: 3, outputTokens: 2 }) })),
      taken(settled({ time: NOON + 5, costNano: 70, usage: usage({ inputTokens: 30, outputTokens: 20 }) })),
      taken(settled({ time: NOON + 5, costNano: 1_000, keyId: 'other', keyName: 'other' })),
      // Refused by a limit.
      taken(
        settled({ time: NOON + 6, costNano: null, usage: null, outcome: 'error', status: 429, provider: '' }),
      ),
    ]);
    expect(await lives.used(lives.life, BY, NOON)).toEqual({
      least: { requests: 1, inputTokens: 30, outputTokens: 20, nanos: 70 },
      most: { requests: 2, inputTokens: 33, outputTokens: 22, nanos: 75 },
    });
    await db.close();
  });

  test('nothing is said of a life that has lost records, or is not known', async () => {
    const { db, begin } = await start();
    const earlier = await begin(BOOTS[1]);
    const lives = await begin(BOOTS[2]);
    expect(await lives.used('node~ffff', BY, NOON)).toBeNull();
    expect(await lives.used(earlier.life, BY, NOON)).not.toBeNull();
    lives.spoil();
    expect(await lives.used(earlier.life, BY, NOON)).toBeNull();
    // Written with the next records at the latest.
    await new LedgerStore(db, lives).commit([taken(settled())]);
    const [row] = await db.all('SELECT exact FROM node_lives WHERE life = ?', [earlier.life]);
    expect(row?.[0]).toBe(0);
    await db.close();
  });

  test('the folder tells the lives whose spool lies in it, until they are settled; not those of another node', async () => {
    const { db, folder, begin } = await start();
    const first = await begin(BOOTS[0]);
    expect(first.earlier).toEqual([]);
    await new LedgerStore(db, first).commit([taken(settled({ time: NOON }))]);
    const second = await begin(BOOTS[1]);
    expect(second.earlier).toEqual([first.life]);
    expect((await begin(BOOTS[2], 'copied')).earlier).toEqual([]);
    writeFileSync(join(folder, 'cluster-lives'), `${first.life}\n${second.life}\n`);
    const third = await begin('00000000000d');
    await third.forget([first.life]);
    expect(third.earlier).toEqual([second.life]);
    expect(readFileSync(join(folder, 'cluster-lives'), 'utf8')).toBe(`${second.life}\n${third.life}\n`);
    expect(await third.used(first.life, BY, 0)).toBeNull();
    expect(await db.all('SELECT count(*) FROM node_usage WHERE life = ?', [first.life])).toEqual([[0]]);
    await db.close();
  });

  test('the nodes that were there in the last day are counted, whatever lives each had', async () => {
    const { db, begin } = await start();
    const [first] = [await begin(BOOTS[0]), await begin(BOOTS[1]), await begin(BOOTS[2], 'another')];
    expect(await first.nodesOfLate(Date.now())).toBe(2);
    const later = Date.now() + 2 * 86_400_000;
    expect(await first.nodesOfLate(later)).toBe(0);
    await new LedgerStore(db, first).commit([taken(settled({ time: later - 3_600_000 }))]);
    expect(await first.nodesOfLate(later)).toBe(1);
    await db.close();
  });

  test('days that are past are folded into one row, and nothing of a window is left out by that', async () => {
    const { db, begin } = await start();
    const lives = await begin(BOOTS[0]);
    const store = new LedgerStore(db, lives);
    const day = Date.UTC(2026, 0, 31);
    for (let i = 0; i < 96; i += 5)
      await store.commit([taken(settled({ time: day + i * QUARTER_MS, costNano: i }))]);
    const before = await lives.used(lives.life, BY, day);
    await lives.upkeep.step(day + 5 * 86_400_000);
    expect(await db.all('SELECT count(*), min(slot) FROM node_usage')).toEqual([[1, day / QUARTER_MS + 95]]);
    expect((await lives.used(lives.life, BY, day))?.least).toEqual(before?.least);
    expect((await lives.used(lives.life, BY, day + 90 * QUARTER_MS))?.most).toEqual(before?.least);
    await db.close();
  });
}
