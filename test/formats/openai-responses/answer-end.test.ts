import { describe, expect, it } from 'vitest';
import { endOfAnswer, endOfEvents } from '../../../plugins/formats/openai-responses/answer-end.js';

const ITEMS = [
  {
    type: 'message',
    status: 'incomplete',
    content: [{ text: 'say "status": "failed" and {"status":"queued"}' }],
  },
];
const CUT = { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };

describe('the end of an answer', () => {
  it.each([
    [{ id: 'resp_1', status: 'completed', incomplete_details: null, output: ITEMS }, 'completed'],
    [{ metadata: { status: 'new' }, output: ITEMS, status: 'completed' }, 'completed'],
    [{ output: ITEMS, status: 'failed', error: { code: 'server_error' } }, 'failed'],
    [{ metadata: { reason: 'a test' }, output: ITEMS, ...CUT }, 'content_filter'],
    [{ ...CUT, output: ITEMS, metadata: { incomplete_details: 'none' } }, 'content_filter'],
    [{ status: 'incomplete', incomplete_details: null }, 'incomplete'],
    [{ status: 'in_progress', output: [] }, ''],
    [{ status: 'queued', background: true }, ''],
    [{ status: null, output: ITEMS }, ''],
    [{ output: ITEMS }, ''],
  ])('is found in %j', (answer, end) => {
    expect(endOfAnswer(Buffer.from(JSON.stringify(answer)))).toBe(end);
    expect(endOfAnswer(Buffer.from(JSON.stringify(answer, null, 2)))).toBe(end);
  });

  it.each([
    '',
    '{',
    '"status":',
    '{"status":"',
    '{"output":["\\',
    'status',
    `{"status":"${'x'.repeat(99)}"}`,
  ])('is not found in %j', (text) => expect(endOfAnswer(Buffer.from(text))).toBe(''));
});

describe('the end of a stream', () => {
  const event = (type: string, response: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, response })}\n\n`;
  const delta = `data: {"type":"response.output_text.delta","delta":"\\"response.failed\\""}\n\n`;

  it.each([
    [event('response.completed', { status: 'completed', incomplete_details: null }), 'completed'],
    [event('response.incomplete', { ...CUT, metadata: { reason: 'a test' } }), 'content_filter'],
    [event('response.incomplete', { status: 'incomplete' }), 'incomplete'],
    [event('response.failed', { status: 'failed' }), 'failed'],
    ['', ''],
    ['data: {"type":"response.incomplete","response":{"reason"\n\n', 'incomplete'],
  ])('is found in %j', (events, end) => {
    expect(endOfEvents(Buffer.from(delta + events))).toBe(end);
    expect(endOfEvents(Buffer.from(`${delta}${events.replaceAll(':', ': ')}`))).toBe(end);
  });
});
