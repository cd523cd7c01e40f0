import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SinkFeed } from '../../core/sinks/sink-feed.js';
import { batchOf } from '../../core/store/record-codec.js';
import { fill, smallDisk } from '../gateway/small-disk.js';
import { settled } from '../store/records.js';
import { sinkSettings } from './running-sinks.js';
import { readTraces } from './trace-proto.js';
import { startVendor } from './vendor-server.js';

const disk = smallDisk();
test.skipIf(disk === null)(
  'a full disk loses nothing that is kept, holds what comes while there is memory, and counts the rest exactly',
  async () => {
    const vendor = await startVendor();
    let away = true;
    vendor.answer = () => ({ status: away ? 503 : 200 });
    const lines: string[] = [];
    const feed = new SinkFeed({
      setup: { sinks: [sinkSettings('otlp', { url: vendor.url })], instance: 'test' },
      dir: join(disk as string, 'sinks'),
      entry: new URL('../../dist/bin/sink-thread.js', import.meta.url).href,
      contents: async () => new Map(),
      log: (_, message) => void lines.push(message),
      onHealth: () => {},
    });
    const kept: string[] = [];
    const take = (count: number, padding = 0): number => {
      const records = Array.from({ length: count }, () =>
        settled({ errorMessage: randomBytes(padding / 2).toString('hex') }),
      );
      const batch = batchOf(records);
      feed.take(batch);
      kept.push(...records.map(({ id }) => id));
      return batch.bytes.length;
    };
    take(50);
    const value = async (name: string): Promise<number> =>
      (await feed.families()).flatMap((one) =>
        one.name === name && one.type !== 'histogram' ? one.values : [],
      )[0]?.value ?? Number.NaN;
    await expect.poll(() => value('headgate_sink_backlog_bytes'), { timeout: 20_000 }).toBeGreaterThan(0);
    const makeRoom = fill(disk as string);
    take(50);
    await new Promise((resolve) => setImmediate(resolve));
    // 16 MB are held in memory; what does not fit is lost, and counted record by record.
    let lost = 0;
    for (let taken = 0; lost === 0; ) {
      taken += take(100, 8_000);
      await new Promise((resolve) => setImmediate(resolve));
      if (taken < 15 * 1024 * 1024) continue;
      if (taken > 60 * 1024 * 1024) throw new Error('nothing was lost');
      lost = await value('headgate_sink_records_lost_total');
    }
    expect(lost % 100).toBe(0);
    expect(lines.join()).toContain('headgate_sink_records_lost_total');
    makeRoom();
    away = false;
    const seen = new Set<string>();
    const told = (): string[] => {
      for (const { body } of vendor.received.splice(0))
        for (const { attributes } of readTraces(body).spans) {
          const id = attributes['headgate.request.id'];
          if (typeof id === 'string') seen.add(id);
        }
      return [...seen];
    };
    told();
    seen.clear();
    // The disk has 4 MB: what is held goes through it bit by bit, as the sink takes it.
    await expect
      .poll(async () => told().length + (await value('headgate_sink_records_lost_total')), {
        timeout: 50_000,
      })
      .toBe(kept.length);
    lost = await value('headgate_sink_records_lost_total');
    expect(lost % 100).toBe(0);
    expect(told().slice(0, 100)).toEqual(kept.slice(0, 100));
    await feed.close();
    await vendor.close();
  },
);
