import type { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Recorder } from '../../dist/core/observe/recorder.js';
import { type Ledger, startLedger } from '../../dist/core/store/ledger.js';
import { EVERYTHING as everything } from './reading.js';
import { settled } from './records.js';
import { tempDir } from './temp-dir.js';

async function start(dataDir: string): Promise<{ ledger: Ledger; failed: Promise<string> }> {
  let onFailed: (why: string) => void = () => undefined;
  const failed = new Promise<string>((resolve) => {
    onFailed = resolve;
  });
  const ledger = await startLedger({
    dataDir,
    logLevel: 'silent',
    retention: { days: 10_000 },
    onFailed: (why) => onFailed(why),
  });
  return { ledger, failed };
}

/** The thread behind the handle: there is no ordinary way to make it fail. */
const threadOf = (ledger: Ledger): Worker => Reflect.get(ledger, 'worker') as Worker;

test('an error that nobody caught is told, makes the ledger unfit, and loses no record', async () => {
  const dataDir = tempDir();
  const { ledger, failed } = await start(dataDir);
  const recorder = new Recorder(ledger.connect());
  recorder.record(settled());
  threadOf(ledger).postMessage({ type: 'logLevels', changes: null });
  expect(await failed).toMatch(/^the ledger failed: TypeError: /);
  expect(ledger.health()).toMatchObject({
    ok: false,
    problems: [expect.stringContaining('the ledger failed')],
  });
  // What the gateway does then: running requests end, recorders close, the ledger closes.
  for (let i = 0; i < 300; i++) recorder.record(settled());
  await recorder.close();
  await ledger.close();
  const again = await start(dataDir);
  expect((await again.ledger.usage(everything)).total.requests).toBe(301);
  await again.ledger.close();
});

test('a close that fails is told and comes to an end all the same', async () => {
  const dataDir = tempDir();
  const { ledger, failed } = await start(dataDir);
  const recorder = new Recorder(ledger.connect());
  recorder.record(settled());
  await ledger.flush();
  // A source of records that can be asked for nothing.
  threadOf(ledger).postMessage({ type: 'connect', port: null });
  await failed;
  await ledger.close();
  await recorder.close();
});

test('a thread that is gone is told, and nothing waits for it', async () => {
  const { ledger, failed } = await start(tempDir());
  const recorder = new Recorder(ledger.connect());
  recorder.record(settled());
  await ledger.flush();
  void threadOf(ledger).terminate();
  expect(await failed).toBe("the ledger's thread ended; what is settled from now on is not recorded");
  expect(ledger.health().ok).toBe(false);
  await expect(ledger.metrics()).rejects.toThrow('ended');
  recorder.record(settled());
  ledger.log('info', 'nobody hears this');
  await recorder.close();
  await ledger.close();
});

test('an orderly end is no failure', async () => {
  const { ledger, failed } = await start(tempDir());
  await ledger.close();
  expect(ledger.health().ok).toBe(true);
  expect(await Promise.race([failed, 'nothing was told'])).toBe('nothing was told');
});
