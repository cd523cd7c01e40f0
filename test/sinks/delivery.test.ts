import { appendFileSync, copyFileSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { DiskLog } from '../../core/sinks/disk-log.js';
import { EVERYTHING } from '../../core/sinks/sampling.js';
import { batchOf, decodeRecords } from '../../core/store/record-codec.js';
import { SpoolWriter } from '../../core/store/spool-writer.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';
import { runSinks, sinkSettings } from './running-sinks.js';
import { partialAnswer, readTraces } from './trace-proto.js';
import { startVendor, type VendorServer } from './vendor-server.js';

let vendor: VendorServer;
beforeEach(async () => {
  vendor = await startVendor();
});
afterEach(() => vendor.close());

/** Ids of the requests that the collector was told of, one for each span of a request. */
const toldOf = (): string[] =>
  vendor.received.flatMap(({ body }) =>
    readTraces(body).spans.flatMap(({ attributes }) => (attributes['headgate.request.id'] as string) ?? []),
  );
const noWord = (): void => {};
const records = (count: number) => Array.from({ length: count }, () => settled());
const ids = (of: readonly { id: string }[]): string[] => of.map(({ id }) => id);

describe('a sink', () => {
  it.each([['on disk'], ['in memory']])(
    'is told of every record once, in order, what waits being %s',
    async (where) => {
      const sinks = runSinks(
        [sinkSettings('otlp', { url: vendor.url })],
        where === 'on disk' ? tempDir() : null,
      );
      onTestFinished(() => sinks.close());
      const [first, second] = [records(100), records(60)];
      await sinks.settle(first);
      await sinks.settle(second);
      await expect.poll(() => toldOf()).toEqual(ids([...first, ...second]));
      await expect
        .poll(() => sinks.sinks.states()[0])
        .toMatchObject({ counts: { sent: 160 }, backlogBytes: 0 });
    },
  );

  it('that is away loses nothing, and has all of it when it is back', async () => {
    const dir = tempDir();
    const port = Number(new URL(vendor.url).port);
    await vendor.close();
    const sinks = runSinks([sinkSettings('otlp', { url: vendor.url })], dir);
    onTestFinished(() => sinks.close());
    const all = records(600);
    for (let i = 0; i < all.length; i += 100) await sinks.settle(all.slice(i, i + 100));
    await expect.poll(() => sinks.sinks.states()[0]?.failing).toMatch(/ECONNREFUSED/);
    expect(sinks.sinks.states()[0]?.counts).toMatchObject({ sent: 0, dropped: 0 });
    vendor = await startVendor(port);
    await expect.poll(() => toldOf()).toEqual(ids(all));
    await expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ failing: null, backlogBytes: 0 });
    // Files that everybody has had are gone, but for the one that is written.
    await expect
      .poll(() => readdirSync(dir).filter((name) => name.endsWith('.spool')).length)
      .toBeLessThanOrEqual(1);
  });

  it('goes on after a restart from where it was', async () => {
    const dir = tempDir();
    const settings = [sinkSettings('otlp', { url: vendor.url })];
    const before = runSinks(settings, dir);
    const told = records(20);
    await before.settle(told);
    await expect.poll(() => before.sinks.states()[0]?.backlogBytes).toBe(0);
    vendor.answer = () => ({ status: 503 });
    const waiting = records(30);
    await before.settle(waiting);
    await expect.poll(() => before.sinks.states()[0]?.failing).toMatch(/503/);
    await before.close();
    vendor.received.length = 0;
    vendor.answer = () => ({ status: 200 });
    const after = runSinks(settings, dir);
    onTestFinished(() => after.close());
    await expect.poll(() => toldOf()).toEqual(ids(waiting));
  });

  it('has the whole batches of a file whose last one was cut off by the end of the process', async () => {
    const dir = tempDir();
    vendor.answer = () => ({ status: 503 });
    const before = runSinks([sinkSettings('otlp', { url: vendor.url })], dir);
    const [whole, half] = [records(10), records(10)];
    await before.settle(whole);
    await before.settle(half);
    await before.close();
    const [file = ''] = readdirSync(dir).filter((name) => name.endsWith('.spool'));
    const path = join(dir, file);
    truncateSync(path, statSync(path).size - 7);
    vendor.received.length = 0;
    vendor.answer = () => ({ status: 200 });
    const after = runSinks([sinkSettings('otlp', { url: vendor.url })], dir);
    onTestFinished(() => after.close());
    const later = records(5);
    await after.settle(later);
    await expect.poll(() => toldOf()).toEqual(ids([...whole, ...later]));
    expect(after.lines.map(({ message }) => message).join()).toContain('never wholly written');
  });

  it('waits as long as it was asked to', async () => {
    const times: number[] = [];
    vendor.answer = () => {
      times.push(performance.now());
      return times.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 };
    };
    const sinks = runSinks([sinkSettings('otlp', { url: vendor.url })], null);
    onTestFinished(() => sinks.close());
    await sinks.settle(records(1));
    await expect.poll(() => times.length).toBe(2);
    expect((times[1] as number) - (times[0] as number)).toBeGreaterThan(990);
  });

  it('that refuses one record has the others', async () => {
    const all = records(40);
    const bad = all[23]?.id as string;
    vendor.answer = ({ body }) =>
      readTraces(body).spans.some(({ attributes }) => attributes['headgate.request.id'] === bad)
        ? { status: 400, body: 'no such model' }
        : { status: 200 };
    const sinks = runSinks([sinkSettings('otlp', { url: vendor.url })], null);
    onTestFinished(() => sinks.close());
    await sinks.settle(all);
    await expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ counts: { sent: 39, refused: 1 } });
  });

  it.each([
    [true, 'gzip'],
    [false, undefined],
    [undefined, undefined],
  ])('on this machine with gzip %s has bodies with %s', async (gzip, encoding) => {
    const values = { url: vendor.url, ...(gzip !== undefined && { gzip }) };
    const sinks = runSinks([sinkSettings('otlp', values)], null);
    onTestFinished(() => sinks.close());
    const all = records(10);
    await sinks.settle(all);
    await expect.poll(() => toldOf()).toEqual(ids(all));
    expect(vendor.received[0]?.headers['content-encoding']).toBe(encoding);
  });

  it('that answers 200 and rejects some of it is not told again, and what it rejected is counted', async () => {
    vendor.answer = () => ({ status: 200, body: partialAnswer(6, 'too old') });
    const sinks = runSinks([sinkSettings('otlp', { url: vendor.url })], null);
    onTestFinished(() => sinks.close());
    await sinks.settle(records(10));
    await expect
      .poll(() => sinks.sinks.states()[0])
      .toMatchObject({
        counts: { sent: 8, refused: 2, deliveries: 1 },
        failing: 'it rejected 6 spans: too old',
      });
  });

  it('that is away for too long loses the oldest records, which are counted', async () => {
    vendor.answer = () => ({ status: 500 });
    const sinks = runSinks(
      [sinkSettings('otlp', { url: vendor.url }, { spoolBytes: 10_000, batchRecords: 50 })],
      tempDir(),
    );
    onTestFinished(() => sinks.close());
    const first = records(10);
    await sinks.settle(first);
    await expect.poll(() => sinks.sinks.states()[0]?.failing).not.toBeNull();
    const all = records(1500);
    for (let i = 0; i < all.length; i += 100) await sinks.settle(all.slice(i, i + 100));
    const state = sinks.sinks.states()[0];
    const dropped = state?.counts.dropped as number;
    expect(dropped).toBeGreaterThan(0);
    expect(dropped % 100).toBe(0);
    vendor.answer = () => ({ status: 200 });
    vendor.received.length = 0;
    await expect.poll(() => sinks.sinks.states()[0]).toMatchObject({ failing: null, backlogBytes: 0 });
    // What was being delivered is kept.
    expect(toldOf()).toEqual(ids([...first, ...all.slice(dropped)]));
  });

  // While one delivery was tried again and again, all that came later stayed, given way to or not: in memory, or in files.
  it.each([['on disk'], ['in memory']])(
    'that is away for long takes no more room than it may, what waits being %s',
    async (where) => {
      vendor.answer = () => ({ status: 500 });
      const dir = where === 'on disk' ? tempDir() : null;
      const other = await startVendor();
      onTestFinished(() => other.close());
      const sinks = runSinks(
        [
          sinkSettings('otlp', { url: vendor.url }, { name: 'dead', spoolBytes: 20_000, batchRecords: 50 }),
          sinkSettings('otlp', { url: other.url }, { name: 'alive' }),
        ],
        dir,
      );
      onTestFinished(() => sinks.close());
      const first = records(10);
      await sinks.settle(first);
      await expect.poll(() => sinks.sinks.states()[0]?.failing).not.toBeNull();
      const all = records(6000);
      for (let i = 0; i < all.length; i += 100) await sinks.settle(all.slice(i, i + 100));
      await expect.poll(() => sinks.sinks.states()[1]).toMatchObject({ counts: { sent: 6010 } });
      // The next that comes finds what nobody needs any more.
      const [last] = [records(1)];
      await sinks.settle(last);
      await expect.poll(() => sinks.sinks.states()[1]).toMatchObject({ counts: { sent: 6011 } });
      expect(sinks.sinks.states()[0]?.backlogBytes).toBeLessThan(20_000 + 16 * 1024);
      const room = (): number =>
        dir === null
          ? (Reflect.get(Reflect.get(sinks.sinks, 'log'), 'frames') as unknown[]).length * 5000
          : readdirSync(dir)
              .filter((name) => name.endsWith('.spool'))
              .reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
      // Files of 16 KB, in place of half a megabyte.
      await expect.poll(room).toBeLessThan(20_000 + 5 * 16 * 1024);
      const { dropped } = sinks.sinks.states()[0]?.counts ?? { dropped: 0 };
      vendor.answer = () => ({ status: 200 });
      vendor.received.length = 0;
      await expect
        .poll(() => sinks.sinks.states()[0], { timeout: 20_000 })
        .toMatchObject({ failing: null, backlogBytes: 0 });
      expect(toldOf()).toEqual(ids([...first, ...all.slice(dropped), ...last]));
    },
  );

  it('that drops what was sampled out at its start takes nothing from those that are opened after it', async () => {
    const dir = tempDir();
    vendor.answer = () => ({ status: 503 });
    const none = { sampling: { ...EVERYTHING, share: 0, keepErrors: false } };
    const settings = [
      sinkSettings('otlp', { url: vendor.url }, { name: 'nothing', ...none }),
      sinkSettings('otlp', { url: vendor.url }, { name: 'everything' }),
    ];
    const before = runSinks(settings, dir);
    const waiting = records(200);
    // Of the first sink it is not known how far it has got, so that it begins with what waits, too.
    for (let i = 0; i < 200; i += 20) await before.settle(waiting.slice(i, i + 20));
    await before.close();
    const [place = ''] = readdirSync(join(dir, 'places')).filter((name) => name.startsWith('everything'));
    copyFileSync(join(dir, 'places', place), join(dir, 'places', 'nothing.place'));
    vendor.received.length = 0;
    vendor.answer = () => ({ status: 200 });
    const after = runSinks(settings, dir);
    onTestFinished(() => after.close());
    await expect.poll(() => toldOf()).toEqual(ids(waiting));
  });

  it('that is slow or dead holds up no other', async () => {
    const other = await startVendor();
    onTestFinished(() => other.close());
    vendor.answer = () => new Promise(() => {});
    const sinks = runSinks(
      [
        sinkSettings('otlp', { url: vendor.url }, { name: 'dead' }),
        sinkSettings('otlp', { url: other.url }, { name: 'alive' }),
      ],
      tempDir(),
    );
    onTestFinished(() => sinks.close());
    for (let i = 0; i < 5; i++) await sinks.settle(records(50));
    await expect
      .poll(() => sinks.sinks.states()[1])
      .toMatchObject({ counts: { sent: 250 }, backlogBytes: 0 });
    expect(sinks.sinks.states()[0]).toMatchObject({ name: 'dead', counts: { sent: 0 } });
  });

  it('that is new is told of what comes from then on, and one that is gone holds no files', async () => {
    const dir = tempDir();
    vendor.answer = () => ({ status: 503 });
    const before = runSinks([sinkSettings('otlp', { url: vendor.url }, { name: 'old' })], dir);
    await before.settle(records(10));
    await before.close();
    vendor.answer = () => ({ status: 200 });
    const told = vendor.received.length;
    const after = runSinks([sinkSettings('otlp', { url: vendor.url }, { name: 'new' })], dir);
    onTestFinished(() => after.close());
    const fresh = records(3);
    await after.settle(fresh);
    await expect.poll(() => toldOf().slice(-3)).toEqual(ids(fresh));
    expect(vendor.received.length).toBe(told + 1);
    expect(existsSync(join(dir, 'places', 'old.place'))).toBe(false);
    await expect.poll(() => readdirSync(dir).filter((name) => name.endsWith('.spool')).length).toBe(1);
  });

  it('that is new is told of what was written before its thread had begun', async () => {
    const dir = tempDir();
    const writer = new SpoolWriter({ dir, fsync: false });
    const early = records(3);
    await new Promise((resolve) => writer.write(batchOf(early).bytes, resolve));
    writer.close();
    const log = new DiskLog(dir, '', noWord, noWord);
    onTestFinished(() => log.close());
    const begin = { segment: '', offset: 0 };
    const frame = log.next(begin);
    expect(decodeRecords(frame?.payload as Uint8Array).map(({ id }) => id)).toEqual(ids(early));
    // Half of a batch is there: it counts when it is told.
    const { end } = log;
    appendFileSync(join(dir, end.segment), Buffer.alloc(5));
    const again = new DiskLog(dir, '', noWord, noWord);
    onTestFinished(() => again.close());
    expect(again.next(end)).toBeNull();
    expect(again.bytesAfter(end)).toBe(0);
  });

  it('is told of a share of the traces, of all errors, and of what was slow or dear', async () => {
    const sampling = { ...EVERYTHING, share: 0, keepSlowerMs: 1000, keepCostlierNano: 5e9 };
    const rules = [{ share: 1, models: ['vip-*'] }];
    const sinks = runSinks(
      [sinkSettings('otlp', { url: vendor.url }, { sampling: { ...sampling, rules } })],
      null,
    );
    onTestFinished(() => sinks.close());
    const kept = [
      settled({ outcome: 'error', error: 'timeout', status: 504 }),
      settled({ totalMs: 1500 }),
      settled({ costNano: 6e9 }),
      settled({ model: 'vip-support' }),
    ];
    await sinks.settle([settled(), ...kept, settled()]);
    await expect.poll(() => toldOf()).toEqual(ids(kept));
    expect(sinks.sinks.states()[0]?.counts.sampledOut).toBe(2);
  });
});
