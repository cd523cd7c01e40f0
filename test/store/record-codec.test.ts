import type { HookTime, SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { expect, test } from 'vitest';
import { batchOf, decodeRecords, encodeRecords, openBatch } from '../../core/store/record-codec.js';
import { anyRecord, attempt, beforeDetails, settled, usage } from './records.js';

const bytesOf = (records: SettledRecord[]): Uint8Array => new Uint8Array(encodeRecords(records));

test('a batch comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
      expect(decodeRecords(bytesOf(records))).toEqual(records);
    }),
  );
});

test('so does a large one in which everything differs', () => {
  const records = Array.from({ length: 5000 }, (_, i) =>
    settled({
      time: i * 10_000_019,
      customer: `customer ${i % 700} \u00e9\u{1f600}`,
      session: 's'.repeat(i % 300),
      status: i % 600,
      costNano: i % 3 === 0 ? null : i * 1_000_000_007,
      usage: i % 2 === 0 ? null : usage({ inputTokens: i, outputTokens: 2 ** 33 + i }),
      attempts: Array.from({ length: i % 4 }, (_, n) => attempt({ key: `key-${n}`, ms: i / 8 })),
      tags: i % 5 === 0 ? [`t${i}`] : [],
      stream: i % 7 === 0,
    }),
  );
  expect(decodeRecords(bytesOf(records))).toEqual(records);
});

test('half of a character, which no bytes can hold, spoils its own text only', () => {
  const sessions = Array.from({ length: 40 }, (_, i) => `session ${i}`);
  sessions[3] = 'half \ud83d';
  const records = sessions.map((session) => settled({ session }));
  const decoded = decodeRecords(bytesOf(records)).map((record) => record.session);
  expect(decoded[3]).toMatch(/^half /);
  decoded[3] = sessions[3];
  expect(decoded).toEqual(sessions);
});

test('durations are rounded to the thousandth, and what is no duration stays', () => {
  const of = (totalMs: number): SettledRecord => settled({ totalMs, attempts: [attempt({ ms: totalMs })] });
  const decoded = decodeRecords(bytesOf([of(1.23456), of(1e9 + 0.00049), of(0), of(-1)]));
  expect(decoded.map((record) => record.totalMs)).toEqual([1.235, 1e9, 0, -1]);
  expect(decoded.map((record) => record.attempts[0]!.ms)).toEqual([1.235, 1e9, 0, -1]);
  expect(decodeRecords(bytesOf([of(0.0004999)]))[0]!.totalMs).toBe(0);
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, 5.5];
  expect(decodeRecords(bytesOf(odd.map(of))).map((record) => record.totalMs)).toEqual(odd);
});

test('numbers and names that no record should have do not stop the others', () => {
  const odd = settled({ time: Number.NaN, status: 1.5, costNano: Number.NEGATIVE_INFINITY });
  Object.assign(odd, { customer: undefined, error: null, cache: 5 });
  const records = [settled(), odd, settled()];
  expect(decodeRecords(bytesOf(records))).toEqual(records);
});

test('what is the same in all records is there once, and a lone record is small', () => {
  const size = (count: number): number => bytesOf(Array.from({ length: count }, () => settled())).length;
  expect(size(1)).toBeLessThan(280);
  expect((size(1024) - size(1)) / 1023).toBeLessThan(20);
});

test('going through a batch shows each record in turn', () => {
  const records = Array.from({ length: 9 }, (_, i) =>
    settled({ attempts: Array.from({ length: i % 3 }, () => attempt()), usage: i % 2 ? null : usage() }),
  );
  const batch = batchOf(records);
  const seen: string[] = [];
  for (const record of batch) {
    expect(record).toMatchObject({ id: records[seen.length]!.id });
    expect(record.attempts).toHaveLength(seen.length % 3);
    expect(record.usage === null).toBe(seen.length % 2 === 1);
    seen.push(record.id);
  }
  expect(seen).toEqual(records.map((record) => record.id));
  expect([batch.firstMs, batch.lastMs]).toEqual([records[0]!.time, records[8]!.time]);
});

test('the bytes are read wherever they lie', () => {
  const records = [settled({ time: 5 }), settled({ time: 700 })];
  const bytes = bytesOf(records);
  const within = new Uint8Array(bytes.length + 9);
  within.set(bytes, 3);
  expect(decodeRecords(within.subarray(3, 3 + bytes.length))).toEqual(records);
});

test('what a spool of before this layout holds can be read', () => {
  const records = [settled(), settled({ usage: null, tags: ['a'] })];
  expect(decodeRecords(openBatch(new Packr().pack(records)).bytes)).toEqual(records);
});

test('so can what a spool or a database of layout 2 holds, where nothing belonged to anybody', () => {
  const layout2 =
    'wQLTAAAA3AAoAgKTBQCqcmVxXzFyZXFfMpMBAstCecE+yeAQAJGkY2hhdJGrb3BlbmFpLWNoYXSRwpGiazGRomNpkwQBkqRhY21loWKRoJGnc3VwcG9ydJGm' +
    'b3BlbmFpkaZncHQtNG+RzMiRom9rkaCTAQHNMDmRy0ApAAAAAAAAkctAJoAAAAAAAJHAkctATkAAAAAAAJGkbWlzc5GSoWGhYpMEAZLDwpMBAQCTAQEAkQCR' +
    'AJEAkQCRAJEAkQGRpm9wZW5haZGmZ3B0LTRvkaEwkczIkcCRDAEAhAMAAQEAAAFlARUB';
  const one = beforeDetails(settled({ id: 'req_1', time: 1769860800001, tags: ['a', 'b'] }));
  const two = { ...one, id: 'req_2', time: 1769860800900, customer: 'b', usage: null, costNano: null };
  expect(decodeRecords(Buffer.from(layout2, 'base64'))).toEqual([one, two]);
});

test('so can layout 4, which had no details yet', () => {
  const layout4 =
    'wQTiAAAA3AAuAgKTBQCqcmVxXzFyZXFfMpMBAstCecE+yeAQAJGkY2hhdJGrb3BlbmFpLWNoYXSRwpGiazGRomNpkwQBkqRhY21loWKRoJGnc3VwcG9ydJGm' +
    'b3BlbmFpkaZncHQtNG+RzMiRom9rkaCTAQHNMDmRy0ApAAAAAAAAkctAJoAAAAAAAJHAkctATkAAAAAAAJGkbWlzc5GSoWGhYpMEAZLDwpMBAQCTAQEAkQCR' +
    'AJEAkQCRAJEAkQGRoJGgkaZvcGVuYWmRpmdwdC00b5GhMJHMyJHAkQyRoW+RoXSRoJGhdQEAhAMAAQEAAAFlARUB';
  const places = { org: 'o', team: 't', user: 'u' };
  const one = beforeDetails(settled({ id: 'req_1', time: 1769860800001, tags: ['a', 'b'], ...places }));
  const two = { ...one, id: 'req_2', time: 1769860800900, customer: 'b', usage: null, costNano: null };
  expect(decodeRecords(Buffer.from(layout4, 'base64'))).toEqual([one, two]);
});

test('so can layouts 6 and 7, which did not know what hooks of plugins took', () => {
  const layout6 =
    'wQYpAQAA3AA9AgKTBQCqcmVxXzFyZXFfMpMBAstCecE+yeAQAJGkY2hhdJGrb3BlbmFpLWNoYXSRwpGiazGRomNpkwQBkqRhY21loWKRoJGnc3VwcG9ydJGm' +
    'b3BlbmFpkaZncHQtNG+RzMiRom9rkaCTAQHNMDmRy0ApAAAAAAAAkctAJoAAAAAAAJHAkctATkAAAAAAAJGkbWlzc5GSoWGhYpMEAZLDwpMBAQCTAQEAkQCR' +
    'AJEAkQCRAJEAkQGRoJGgkaZvcGVuYWmRpmdwdC00b5GhMJHMyJHAkQyRoW+RoXSRoJGhdZGgkcCRAZECkcs/wAAAAAAAAJGRpmJ1ZGdldJGkc3RvcJGQkaCR' +
    'oJGgkcs/0AAAAAAAAJHLP+AAAAAAAACRC5HeAAGhYaExAQCEAwABAQAAAWUBFQE=';
  const layout7 =
    'wQdWAQAA3AA+AgKTBQCqcmVxXzFyZXFfMpMBAstCecE+yeAQAJGkY2hhdJGrb3BlbmFpLWNoYXSRwpGiazGRomNpkwQBkqRhY21loWKRoJGnc3VwcG9ydJGm' +
    'b3BlbmFpkaZncHQtNG+RzMiRom9rkaCTAQHNMDmRy0ApAAAAAAAAkctAJoAAAAAAAJHAkctATkAAAAAAAJGkbWlzc5GSoWGhYpMEAZLDwpMBAQCTAQEAkQCR' +
    'AJEAkQCRAJEAkQGRoJGgkaZvcGVuYWmRpmdwdC00b5GhMJHMyJHAkQyRoW+RoXSRoJGhdZGgkcCRAZECkcs/wAAAAAAAAJGRpmJ1ZGdldJGkc3RvcJGQkaCR' +
    'oJGgkcs/0AAAAAAAAJHLP+AAAAAAAACRC5HeAAGhYaExkZHeAAOocHJvdmlkZXKlYXp1cmWlbW9kZWymZ3B0LTRvo3doeadlamVjdGVkAQCEAwABAQAAAWUB' +
    'FQE=';
  const one = settled({
    id: 'req_1',
    time: 1769860800001,
    tags: ['a', 'b'],
    org: 'o',
    team: 't',
    user: 'u',
    checkMs: 1,
    checkedMs: 2,
    plugins: ['budget'],
    metadata: { a: '1' },
  });
  const two = { ...one, id: 'req_2', time: 1769860800900, customer: 'b', usage: null, costNano: null };
  expect(decodeRecords(Buffer.from(layout6, 'base64'))).toEqual([one, two]);
  const passedOver: SettledRecord['passedOver'] = [{ provider: 'azure', model: 'gpt-4o', why: 'ejected' }];
  expect(decodeRecords(Buffer.from(layout7, 'base64'))).toEqual([
    { ...one, passedOver },
    { ...two, passedOver },
  ]);
});

test('the times of hooks are kept in a few bytes each, and one still ends where the next begins', () => {
  const hooked = (i: number): SettledRecord => {
    const [start, between, end] = [0.1 + i / 7000, 0.1 + i / 6000, 0.1004 + i / 5000];
    const hook = (plugin: string, startMs: number, ms: number): HookTime => ({
      plugin,
      phase: 'request',
      outcome: 'passed',
      startMs,
      ms,
      restMs: 0,
      calls: 1,
    });
    return settled({
      totalMs: end,
      hooks: [hook('rate-limit', start, between - start), hook('budget', between, end - between)],
    });
  };
  const records = Array.from({ length: 500 }, (_, i) => hooked(i));
  const bytes = bytesOf(records).length - bytesOf(records.map((one) => ({ ...one, hooks: [] }))).length;
  expect(bytes / 1000).toBeLessThan(5);
  for (const { hooks, totalMs } of decodeRecords(bytesOf(records))) {
    const ends = hooks.map(({ startMs, ms }) => Math.round((startMs + ms) * 1000));
    expect(ends).toEqual([hooks[1]!.startMs, totalMs].map((ms) => Math.round(ms * 1000)));
  }
});

test('bytes that hold something else are refused', () => {
  expect(() => decodeRecords(new Uint8Array([0x01]))).toThrow('not a batch');
  expect(() => decodeRecords(new Uint8Array([]))).toThrow();
  const later = bytesOf([settled()]);
  later[1] = 99;
  expect(() => decodeRecords(later)).toThrow('that this version can read');
  const whole = bytesOf([settled({ time: 1 }), settled({ time: 900 })]);
  expect(() => decodeRecords(whole.subarray(0, whole.length - 1))).toThrow('cut short');
});
