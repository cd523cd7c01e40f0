import { afterEach, expect, test, vi } from 'vitest';
import { encodeRecords } from '../../core/store/record-codec.js';
import { SpoolWriter } from '../../core/store/spool-writer.js';
import { rowsOf } from '../../core/store/usage-table.js';
import { Recorder } from '../../dist/core/observe/recorder.js';
import { startLedger } from '../../dist/core/store/ledger.js';
import { EVERYTHING, storedIn } from './reading.js';
import { settled } from './records.js';
import { tempDir } from './temp-dir.js';

const HOUR = 3_600_000;

afterEach(() => vi.useRealTimers());

/** Arrivals as the clock tells them, stepped by these hours one after the other. */
const steps = [0, -1, 5, -30, 24 * 400, -24 * 800, 0];

test('a clock that steps back and forth loses no record and doubles none, written and found by the next start', async () => {
  const dataDir = tempDir();
  const first = await startLedger({ dataDir, logLevel: 'silent', retention: { days: 10_000 } });
  const now = Date.now();
  const ids: string[] = [];
  const record = (hours: number) => {
    const one = settled({ time: now + hours * HOUR, costNano: 1 });
    ids.push(one.id);
    return one;
  };
  vi.useFakeTimers({ toFake: ['Date'], now });
  for (const hours of steps) {
    vi.setSystemTime(now + hours * HOUR);
    const recorder = new Recorder(first.connect());
    recorder.record(record(hours));
    await recorder.close();
  }
  expect((await first.usage(EVERYTHING)).total.requests).toBe(steps.length);
  await first.close();

  // Files of a process that died, whose names say the times of its clock.
  for (const hours of steps) {
    vi.setSystemTime(now + hours * HOUR);
    const writer = new SpoolWriter({ dir: `${dataDir}/spool`, fsync: false });
    await new Promise((resolve) => writer.write(new Uint8Array(encodeRecords([record(hours)])), resolve));
    writer.close();
  }
  vi.useRealTimers();
  const second = await startLedger({ dataDir, logLevel: 'silent', retention: { days: 10_000 } });
  const { total, table } = await second.usage({ ...EVERYTHING, groupBy: ['hour'] });
  expect(total).toMatchObject({ requests: ids.length, costNano: BigInt(ids.length) });
  expect(rowsOf(table).reduce((sum, { sums }) => sum + sums.requests, 0)).toBe(ids.length);
  await second.close();
  const kept = (await storedIn(`${dataDir}/headgate.db`)).map(({ id }) => id);
  expect(kept.sort()).toEqual(ids.sort());
});
