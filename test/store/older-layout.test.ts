import { describe, expect, it } from 'vitest';
import { decodeRecords, encodeRecords } from '../../core/store/record-codec.js';
import { settled, usage } from './records.js';

/**
 * A batch that was written before records had service tiers and units (layout 2), as the release of then wrote it:
 * `encodeRecords([settled({ id: 'a' }), settled({ id: 'b', usage: null })])` of test/store/records.ts.
 */
const LAYOUT_2 = [
  'wQLAAAAA3AAoAgKTBQCiYWKTAQHLQnnBPsngEACRpGNoYXSRq29wZW5haS1jaGF0kcKRomsxkaJjaZGkYWNtZZGgkadzdXBwb3J0',
  'kaZvcGVuYWmRpmdwdC00b5HMyJGib2uRoJHNMDmRy0ApAAAAAAAAkctAJoAAAAAAAJHAkctATkAAAAAAAJGkbWlzc5GQkwQBksPC',
  'kwEBAJMBAQCRAJEAkQCRAJEAkQCRAZGmb3BlbmFpkaZncHQtNG+RoTCRzMiRwJEMAQIAAWUBFQE=',
].join('');

describe('batches of records', () => {
  it('of the layout without tiers and units are read', () => {
    const [first, second] = decodeRecords(new Uint8Array(Buffer.from(LAYOUT_2, 'base64')));
    expect(first).toMatchObject({ id: 'a', provider: 'openai', costNano: 12_345, usage: usage() });
    expect(first?.usage?.serviceTier).toBeUndefined();
    expect(first?.usage?.units).toBeUndefined();
    expect(second).toMatchObject({ id: 'b', usage: null });
  });

  it('keep tiers and units', () => {
    const records = [
      settled({ usage: usage({ serviceTier: 'flex', units: { webSearches: 3 } }) }),
      settled({ usage: usage() }),
      settled({ usage: usage({ units: { images: 2, variant: 'high/1024x1024' } }) }),
    ];
    const kept = decodeRecords(new Uint8Array(encodeRecords(records)));
    expect(kept.map((record) => [record.usage?.serviceTier, record.usage?.units])).toEqual([
      ['flex', { webSearches: 3 }],
      [undefined, undefined],
      [undefined, { images: 2, variant: 'high/1024x1024' }],
    ]);
  });
});
