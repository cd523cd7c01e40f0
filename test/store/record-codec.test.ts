import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeRecords, encodeRecords } from '../../core/store/record-codec.js';
import { anyRecord } from './records.js';

test('a batch comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { maxLength: 20 }), (records) => {
      expect(decodeRecords(new Uint8Array(encodeRecords(records)))).toEqual(records);
    }),
  );
});

test('bytes that hold something else are refused', () => {
  expect(() => decodeRecords(new Uint8Array([0x01]))).toThrow('not a batch');
});
