import type { SettledRecord } from '@headgate/sdk';
import { expect, test } from 'vitest';
import { Intake } from '../../core/store/intake.js';
import { decodeRecords, encodeRecords } from '../../core/store/record-codec.js';
import type { Position } from '../../core/store/spool.js';
import { settled } from './records.js';

const batchOf = (records: SettledRecord[]): Uint8Array => new Uint8Array(encodeRecords(records));

function start(maxHeldBytes?: number) {
  const steps: string[] = [];
  const seen = { full: false, lost: 0, recovered: 0, observed: 0 };
  let offset = 0;
  const spool = {
    append(batch: Uint8Array): Position {
      if (seen.full) throw new Error('ENOSPC: no space left on device');
      offset += batch.length;
      steps.push(`spool ${decodeRecords(batch)[0]!.id}`);
      return { segment: 's', offset };
    },
    adopt(): Position {
      throw new Error('no thread of this test writes to the spool itself');
    },
  };
  const intake = new Intake({
    spool,
    applier: { add: (batch) => steps.push(`apply ${batch.cursor().id}`) },
    observe: (batch) => {
      seen.observed += batch.count;
    },
    onTrouble: () => undefined,
    onRecovered: () => seen.recovered++,
    onLost: (records) => {
      seen.lost += records;
    },
    maxHeldBytes,
  });
  return { intake, steps, seen };
}

test('a batch goes to the spool before anything else has it', () => {
  const { intake, steps } = start();
  intake.take(batchOf([settled({ id: 'a' })]));
  expect(steps).toEqual(['spool a', 'apply a']);
});

test('while the disk is full batches are held, seen by log and metrics once, and spooled in order when there is room', () => {
  const { intake, steps, seen } = start();
  seen.full = true;
  for (const id of ['a', 'b']) intake.take(batchOf([settled({ id })]));
  expect(steps).toEqual([]);
  expect(seen.observed).toBe(2);
  seen.full = false;
  intake.take(batchOf([settled({ id: 'c' })]));
  expect(steps).toEqual(['spool a', 'apply a', 'spool b', 'apply b', 'spool c', 'apply c']);
  expect(seen).toMatchObject({ lost: 0, recovered: 1, observed: 3 });
});

test('what is held is bounded, and what does not fit is counted as lost', () => {
  const one = batchOf([settled()]).length;
  const { intake, seen } = start(Math.floor(one * 2.5));
  seen.full = true;
  for (let i = 0; i < 5; i++) intake.take(batchOf([settled()]));
  expect(seen.lost).toBe(3);
  intake.abandon();
  expect(seen.lost).toBe(5);
});
