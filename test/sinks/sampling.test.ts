import { describe, expect, it } from 'vitest';
import { traceOf } from '../../core/observe/trace-context.js';
import { EVERYTHING, isSampled } from '../../core/sinks/sampling.js';
import type { SinkSampling } from '../../core/sinks/sink-settings.js';
import { settled } from '../store/records.js';

const NONE: SinkSampling = { ...EVERYTHING, share: 0, keepErrors: false };

function told(over: Parameters<typeof settled>[0], sampling: Partial<SinkSampling>): boolean {
  const record = settled(over);
  return isSampled(record, traceOf(record), { ...NONE, ...sampling });
}

function traceparent(id: number, flags: string): string {
  return `00-${String(id).padStart(32, '0')}-b7ad6b7169203331-${flags}`;
}

describe('sampling', () => {
  it('keeps what failed, was slow or dear, at the threshold and above it', () => {
    expect(told({ outcome: 'error' }, { keepErrors: true })).toBe(true);
    expect(told({ outcome: 'client-closed' }, { keepErrors: true })).toBe(false);
    expect(told({ totalMs: 10_000 }, { keepSlowerMs: 10_000 })).toBe(true);
    expect(told({ totalMs: 9_999.9 }, { keepSlowerMs: 10_000 })).toBe(false);
    expect(told({ costNano: 5e8 }, { keepCostlierNano: 5e8 })).toBe(true);
    expect(told({ costNano: null }, { keepCostlierNano: 5e8 })).toBe(false);
  });

  it('goes by the first rule that fits in all it says, metadata too', () => {
    const rules = [
      { metadata: { debug: ['1', 'yes*'] }, teams: ['a'], share: 1 },
      { keys: ['batch-*'], share: 0 },
    ];
    expect(told({ team: 'a', metadata: { debug: '1' } }, { rules })).toBe(true);
    expect(told({ team: 'a', metadata: { debug: 'yes, please' } }, { rules })).toBe(true);
    expect(told({ team: 'b', metadata: { debug: '1' } }, { rules })).toBe(false);
    expect(told({ team: 'a', metadata: {} }, { rules })).toBe(false);
    expect(told({ keyName: 'batch-7' }, { rules, share: 1 })).toBe(false);
    expect(told({ keyName: 'web' }, { rules, share: 1 })).toBe(true);
  });

  it('follows the flag of the client where it is to, and the share where the client said nothing', () => {
    const follow = { followParent: true };
    expect(told({ trace: traceparent(7, '01') }, follow)).toBe(true);
    expect(told({ trace: traceparent(7, '00') }, { ...follow, share: 1 })).toBe(false);
    expect(told({ trace: traceparent(7, '00'), outcome: 'error' }, { ...follow, keepErrors: true })).toBe(
      true,
    );
    expect(told({ trace: '' }, { ...follow, share: 1 })).toBe(true);
    expect(told({ trace: traceparent(7, '01') }, {})).toBe(false);
  });

  it('takes the share of traces, all requests of one or none', () => {
    const share = { share: 0.3 };
    let kept = 0;
    for (let i = 0; i < 2000; i++) {
      const first = settled();
      const round = { id: `${first.id}.1` };
      const one = told({ id: first.id }, share);
      expect(told(round, share)).toBe(one);
      if (one) kept++;
    }
    expect(kept / 2000).toBeGreaterThan(0.25);
    expect(kept / 2000).toBeLessThan(0.35);
  });
});
