import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SinkFeed } from '../../core/sinks/sink-feed.js';
import { RecordBatch } from '../../core/store/record-batch.js';
import { batchOf } from '../../core/store/record-codec.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';
import { sinkSettings } from './running-sinks.js';
import { startVendor } from './vendor-server.js';

const records = (count: number) => Array.from({ length: count }, () => settled());
/** As a later version may write it: its head is understood, its columns are not. */
function unreadable(count: number): RecordBatch {
  const { bytes, columns } = batchOf(records(count));
  const later = Uint8Array.from(bytes);
  later[1] = 200;
  return new RecordBatch(later, count, columns);
}
/** Bytes that say nothing at all. */
function senseless(): RecordBatch {
  const { columns } = batchOf(records(1));
  return new RecordBatch(Uint8Array.of(0xc1, 6, 255, 255, 0, 0, 1), 9, columns);
}

function feedOf(url: string, names: readonly string[], dir: string | null) {
  const lines: string[] = [];
  const feed = new SinkFeed({
    setup: {
      sinks: names.map((name) =>
        sinkSettings('webhook', { url: `${url}/${name}`, format: 'lines' }, { name }),
      ),
      instance: 'test',
    },
    dir,
    entry: new URL('../../dist/bin/sink-thread.js', import.meta.url).href,
    contents: async () => new Map(),
    log: (_, message) => void lines.push(message),
    onHealth: () => {},
  });
  const lost = async (): Promise<number | undefined> =>
    (await feed.families()).flatMap((one) =>
      one.name === 'headgate_sink_records_lost_total' && one.type !== 'histogram' ? one.values : [],
    )[0]?.value;
  return { feed, lines, lost };
}

async function collector() {
  const vendor = await startVendor();
  onTestFinished(() => vendor.close());
  const toldAt = (name: string): string[] =>
    vendor.received
      .filter(({ path }) => path === `/${name}`)
      .flatMap(({ body }) => body.toString('utf8').trim().split('\n'))
      .map((line) => (JSON.parse(line) as { id: string }).id);
  return { vendor, toldAt };
}

it.each([['on disk'], ['in memory']])(
  'what cannot be read is counted once as lost, and holds up nothing, what waits being %s',
  async (where) => {
    const { vendor, toldAt } = await collector();
    const { feed, lines, lost } = feedOf(vendor.url, ['one', 'two'], where === 'on disk' ? tempDir() : null);
    onTestFinished(() => feed.close());
    const [first, second] = [records(3), records(4)];
    const batches = [batchOf(first), unreadable(7), senseless(), batchOf(second)];
    for (const batch of batches) feed.take(batch);
    const all = [...first, ...second].map(({ id }) => id);
    for (const name of ['one', 'two'])
      await expect.poll(() => toldAt(name), { timeout: 20_000 }).toEqual(all);
    // Seven that the head tells of; of the other it is known that it was one at least.
    await expect.poll(lost, { timeout: 20_000 }).toBe(8);
    expect(lines.join('\n')).toContain('cannot be read and is left out');
  },
);

it('a file that was damaged while the gateway was down is counted, and what is before the damage is told', async () => {
  const { vendor, toldAt } = await collector();
  vendor.answer = () => ({ status: 503 });
  const dir = tempDir();
  const before = feedOf(vendor.url, ['one'], dir);
  const [kept, broken, behind] = [records(2), records(2), records(2)];
  for (const some of [kept, broken, behind]) before.feed.take(batchOf(some));
  await before.feed.close();
  expect(await before.lost()).toBe(0);
  // One byte of the second batch is another one: what is behind cannot be found.
  const name = readdirSync(dir).find((one) => one.endsWith('.spool')) ?? '';
  const bytes = readFileSync(join(dir, name));
  const at = bytes.indexOf((broken[0] as { id: string }).id);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(join(dir, name), bytes);

  vendor.answer = () => ({ status: 200 });
  const { feed, lost } = feedOf(vendor.url, ['one'], dir);
  onTestFinished(() => feed.close());
  vendor.received.length = 0;
  await expect.poll(() => toldAt('one'), { timeout: 20_000 }).toEqual(kept.map(({ id }) => id));
  await expect.poll(lost, { timeout: 20_000 }).toBe(1);
});
