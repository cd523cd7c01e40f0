import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Spool } from '../../core/store/spool.js';
import { realFiles, type SpoolFiles } from '../../core/store/spool-files.js';
import { tempDir } from './temp-dir.js';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const nothingDone = async (): Promise<null> => null;

function readAll(spool: Spool): string[] {
  const found: string[] = [];
  for (let batches = spool.read(1000); batches.length > 0; batches = spool.read(1000)) {
    for (const batch of batches) {
      found.push(Buffer.from(batch.payload).toString());
      spool.markDone(batch.end);
    }
  }
  return found;
}

function onlyFile(dir: string): string {
  const names = readdirSync(dir);
  expect(names).toHaveLength(1);
  return join(dir, names[0]!);
}

test('batches come back in order after a restart', async () => {
  const dir = tempDir();
  const first = new Spool(dir);
  for (const text of ['one', 'two', 'three']) first.append(bytes(text));
  const second = new Spool(dir);
  await second.recover(nothingDone);
  expect(readAll(second)).toEqual(['one', 'two', 'three']);
  expect(second.backlogBytes).toBe(0);
});

test('what the database has is not read again', async () => {
  const dir = tempDir();
  const first = new Spool(dir);
  const done = first.append(bytes('one'));
  first.append(bytes('two'));
  const second = new Spool(dir);
  await second.recover(async (segment) => (segment === done.segment ? done.offset : null));
  expect(readAll(second)).toEqual(['two']);
});

test('a spool cut off at any byte gives back every whole batch before the cut', async () => {
  const dir = tempDir();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (payloads, where) => {
        const own = join(dir, String(round++));
        const warnings: string[] = [];
        const first = new Spool(own);
        const ends = payloads.map((payload) => first.append(payload).offset);
        const file = onlyFile(own);
        const cut = Math.floor(where * ends.at(-1)!);
        truncateSync(file, cut);
        const second = new Spool(own, { warn: (message) => warnings.push(message) });
        await second.recover(nothingDone);
        const found: Uint8Array[] = [];
        for (let batches = second.read(50); batches.length > 0; batches = second.read(50)) {
          for (const { payload, end } of batches) {
            found.push(new Uint8Array(payload));
            second.markDone(end);
          }
        }
        const whole = payloads.filter((_, i) => ends[i]! <= cut);
        expect(found).toEqual(whole);
        const clean = cut <= 8 || ends.includes(cut);
        expect(warnings).toHaveLength(clean ? 0 : 1);
        // The spool goes on behind the cut.
        second.append(bytes('more'));
        expect(readAll(second)).toEqual(['more']);
      },
    ),
  );
});

test('zeros that a crash of the machine left at the end are taken for a cut', async () => {
  const dir = tempDir();
  const first = new Spool(dir);
  first.append(bytes('one'));
  writeFileSync(onlyFile(dir), Buffer.concat([readFileSync(onlyFile(dir)), Buffer.alloc(4096)]));
  const second = new Spool(dir);
  await second.recover(nothingDone);
  expect(readAll(second)).toEqual(['one']);
  expect(readdirSync(dir)).toEqual([]);
});

test('damage in the middle loses what follows it in that file, is told, and the file is kept', async () => {
  const dir = tempDir();
  const first = new Spool(dir, { maxSegmentBytes: 60 });
  for (let i = 0; i < 6; i++) first.append(bytes(`batch number ${i}`));
  const [damaged] = readdirSync(dir).sort();
  const content = readFileSync(join(dir, damaged!));
  content[8 + 8 + 2] = content[8 + 8 + 2]! ^ 0xff;
  writeFileSync(join(dir, damaged!), content);
  const warnings: string[] = [];
  const second = new Spool(dir, { warn: (message) => warnings.push(message) });
  await second.recover(nothingDone);
  expect(readAll(second)).toEqual(['batch number 3', 'batch number 4', 'batch number 5']);
  expect(warnings).toEqual([expect.stringContaining('damaged')]);
  expect(existsSync(join(dir, `${damaged}.damaged`))).toBe(true);
});

test('finished files are deleted, and their names told once', async () => {
  const dir = tempDir();
  const spool = new Spool(dir, { maxSegmentBytes: 30, recycleBytes: 20 });
  for (let i = 0; i < 10; i++) spool.append(bytes(`batch number ${i}`));
  const names = readdirSync(dir);
  expect(names.length).toBeGreaterThan(3);
  expect(readAll(spool)).toHaveLength(10);
  expect(readdirSync(dir)).toEqual([]);
  expect(spool.takeRemoved().sort()).toEqual(names.sort());
  expect(spool.takeRemoved()).toEqual([]);
});

test('a full disk that takes half a batch leaves the spool as it was', async () => {
  const dir = tempDir();
  let room = Number.POSITIVE_INFINITY;
  const writeSync = (
    fd: number,
    buffer: NodeJS.ArrayBufferView,
    offset: number,
    length: number,
    position: number,
  ): number => {
    if (room <= 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    const written = realFiles.writeSync(fd, buffer, offset, Math.min(length, room), position);
    room -= written;
    return written;
  };
  const spool = new Spool(dir, { files: { ...realFiles, writeSync } as SpoolFiles });
  spool.append(bytes('before'));
  room = 10;
  expect(() => spool.append(bytes('does not fit at all'))).toThrow('ENOSPC');
  room = Number.POSITIVE_INFINITY;
  spool.append(bytes('after'));
  const again = new Spool(dir);
  await again.recover(nothingDone);
  expect(readAll(again)).toEqual(['before', 'after']);
});

test('a spool file of an unknown version is refused, not thrown away', async () => {
  const dir = tempDir();
  writeFileSync(join(dir, '00000000000001-abcd.spool'), 'HGSPOOL9 something');
  const spool = new Spool(dir);
  await expect(spool.recover(nothingDone)).rejects.toThrow('newer version');
});
