import type { SettledRecord } from '@headgate/sdk';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RequestLines } from '../../core/observe/request-line.js';
import { anyRecord, settled, usage } from '../store/records.js';

function requestLine(record: SettledRecord): string {
  const lines = new RequestLines();
  lines.add([record]);
  return lines.take();
}

test('the line of any record is one line of JSON that says what the record says', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const line = requestLine(record);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(JSON.parse(line)).toMatchObject({
        level: 'info',
        msg: 'request',
        id: record.id,
        key: record.keyName,
        customer: record.customer,
        model: record.model,
        status: record.status,
        outcome: record.outcome,
        error: record.error,
        input_tokens: record.usage?.inputTokens ?? null,
        attempts: record.attempts.length,
      });
    }),
  );
});

test('the line has exactly these fields', () => {
  const record = settled({
    usage: usage({ cacheReadTokens: 3, reasoningTokens: 4 }),
    costNano: 1_500_000,
    firstTokenMs: 7.1239,
    tags: ['secret-tag'],
    session: 'secret-session',
  });
  expect(JSON.parse(requestLine(record))).toEqual({
    level: 'info',
    time: Math.round(record.time + 12.5),
    msg: 'request',
    id: record.id,
    key: 'ci',
    customer: 'acme',
    model: 'support',
    provider: 'openai',
    target: 'gpt-4o',
    operation: 'chat',
    status: 200,
    outcome: 'ok',
    stream: false,
    input_tokens: 100,
    output_tokens: 20,
    cached_tokens: 3,
    reasoning_tokens: 4,
    cost_usd: '0.0015',
    attempts: 1,
    ms: 12.5,
    ttft_ms: 7.124,
    overhead_us: 60.5,
    cache: 'miss',
    error: '',
  });
});

test('an unknown cost is null, not zero', () => {
  expect(JSON.parse(requestLine(settled({ costNano: null })))).toMatchObject({ cost_usd: null });
});
