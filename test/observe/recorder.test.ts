import { spawnSync } from 'node:child_process';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { SettledRecord } from '@headgate/sdk';
import { afterEach, expect, test } from 'vitest';
import { Recorder, type RecorderOptions } from '../../core/observe/recorder.js';
import type { RecorderMessage } from '../../core/observe/recorder-protocol.js';
import { decodeRecords } from '../../core/store/record-codec.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';

const ports: MessagePort[] = [];

afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function start(options?: RecorderOptions) {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const batches: SettledRecord[][] = [];
  const others: unknown[] = [];
  port1.on('message', (message: RecorderMessage) => {
    if (message.type === 'batch') batches.push(decodeRecords(new Uint8Array(message.bytes)));
    else others.push(message);
  });
  return { recorder: new Recorder({ port: port2, spool: null }, options), ledger: port1, batches, others };
}

test('a full batch leaves at once', async () => {
  const { recorder, batches } = start({ maxBatch: 3, maxDelayMs: 60_000 });
  const records = Array.from({ length: 7 }, () => settled());
  for (const record of records) recorder.record(record);
  await expect.poll(() => batches).toEqual([records.slice(0, 3), records.slice(3, 6)]);
  recorder.flush();
  await expect.poll(() => batches[2]).toEqual(records.slice(6));
});

test('a lone record leaves after the delay, again and again', async () => {
  const { recorder, batches } = start({ maxDelayMs: 5 });
  for (let i = 1; i <= 3; i++) {
    recorder.record(settled());
    await expect.poll(() => batches).toHaveLength(i);
  }
});

test('asked to flush, it sends what it holds before it answers, with its gauges', async () => {
  const { recorder, ledger, batches, others } = start({
    maxDelayMs: 60_000,
    gauges: () => ({ in_flight_requests: 2 }),
  });
  recorder.record(settled());
  ledger.postMessage({ type: 'flush', token: 9 });
  await expect
    .poll(() => others)
    .toEqual([{ type: 'flushed', token: 9, gauges: { in_flight_requests: 2 }, lost: 0 }]);
  expect(batches).toHaveLength(1);
});

test('close sends the rest and waits until the ledger has it', async () => {
  const { recorder, ledger, batches, others } = start({ maxDelayMs: 60_000 });
  recorder.record(settled());
  let closed = false;
  const closing = recorder.close().then(() => {
    closed = true;
  });
  await expect.poll(() => others).toEqual([{ type: 'end', lost: 0 }]);
  expect(batches).toHaveLength(1);
  expect(closed).toBe(false);
  ledger.postMessage({ type: 'ended' });
  await closing;
});

test('a ledger that is gone neither throws nor holds up the close', async () => {
  const { recorder, ledger } = start({ maxBatch: 1 });
  ledger.close();
  await new Promise((resolve) => setTimeout(resolve, 10));
  recorder.record(settled());
  await recorder.close();
});

test('a record that cannot be encoded is counted as lost and the next one goes through', async () => {
  const { recorder, ledger, batches, others } = start({ maxBatch: 1 });
  const hostile = settled();
  Object.defineProperty(hostile, 'model', {
    enumerable: true,
    get() {
      throw new Error('no');
    },
  });
  recorder.record(hostile);
  recorder.record(settled());
  ledger.postMessage({ type: 'flush', token: 1 });
  await expect.poll(() => others).toMatchObject([{ lost: 1 }]);
  expect(batches).toHaveLength(1);
});

/**
 * `durable: request`: answers that ended while a write ran, the last ones for a while, were never let go. When the write was done
 * the writer still said that it was busy, so nothing wrote what had come meanwhile until another request ended.
 */
test('what ends while a write runs is let go though nothing ends after it', async () => {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  const spool = { dir: tempDir(), durable: 'request', fsync: true, onFailure: 'refuse', boot: null } as const;
  const recorder = new Recorder({ port: port2, spool });
  const released: boolean[] = [];
  const end = (): void => {
    recorder.record(settled());
    recorder.hold((written) => released.push(written));
  };
  end();
  // The write begins at the end of this turn, and takes longer than the next.
  await new Promise((resolve) => setImmediate(resolve));
  end();
  await expect.poll(() => released).toEqual([true, true]);
});

test('a waiting batch does not keep the process alive', () => {
  const script = `
    import { MessageChannel } from 'node:worker_threads';
    import { Recorder } from '${new URL('../../dist/core/observe/recorder.js', import.meta.url).href}';
    const { port1, port2 } = new MessageChannel();
    new Recorder({ port: port2, spool: null }, { maxDelayMs: 60000 }).record({ id: 'a' });
  `;
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 10_000 });
  expect(ended.status).toBe(0);
});
