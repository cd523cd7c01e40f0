import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DETAIL_FIELDS, requestDetail } from '../../core/store/request-detail.js';
import { anyRecord, attempt, settled } from './records.js';

test('the detail of any record is a JSON array with a value for every field', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const detail: unknown = JSON.parse(requestDetail(record));
      expect(detail).toHaveLength(DETAIL_FIELDS.length);
      const at = (field: (typeof DETAIL_FIELDS)[number]): unknown =>
        (detail as unknown[])[DETAIL_FIELDS.indexOf(field)];
      expect(at('session')).toBe(record.session);
      expect(at('tags')).toEqual(record.tags);
      expect(at('usage')).toEqual(record.usage === null ? null : Object.values(record.usage));
      expect(at('total_ms')).toBeCloseTo(record.totalMs, 2);
    }),
  );
});

test('numbers that are none become null instead of broken JSON', () => {
  const record = settled({
    totalMs: Number.NaN,
    overheadUs: -1,
    attempts: [attempt({ ms: Number.POSITIVE_INFINITY })],
  });
  const detail = JSON.parse(requestDetail(record)) as unknown[];
  expect(detail[DETAIL_FIELDS.indexOf('total_ms')]).toBeNull();
  expect(detail[DETAIL_FIELDS.indexOf('overhead_us')]).toBeNull();
  expect(detail[DETAIL_FIELDS.indexOf('attempts')]).toEqual([['openai', 'gpt-4o', '0', 200, null, null]]);
});
