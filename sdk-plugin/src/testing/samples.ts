import type { StreamEvent } from '../canonical/event.js';
import { emptyUsage } from '../canonical/usage.js';
import type { SettledRecord } from '../views.js';

/** A streamed answer of one text, cut into these pieces, from `start` to `end`. */
export function textStream(...pieces: string[]): StreamEvent[] {
  const at = { choice: 0, part: 0 };
  return [
    { type: 'start', id: 'msg_test', model: 'test-model', created: 1_767_225_600, origin: 'openai-chat' },
    { type: 'part-start', ...at, kind: 'text' },
    ...pieces.map((text): StreamEvent => ({ type: 'part-delta', ...at, text })),
    { type: 'part-end', ...at },
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'usage', usage: { ...emptyUsage(), inputTokens: 10, outputTokens: pieces.length } },
    { type: 'end' },
  ];
}

/** All text deltas of a list of events, joined. Reasoning and tool calls are left out. */
export function textOf(events: readonly StreamEvent[]): string {
  const texts = new Set<string>();
  let said = '';
  for (const event of events) {
    if (event.type === 'part-start' && event.kind === 'text') texts.add(`${event.choice} ${event.part}`);
    if (event.type === 'part-delta' && texts.has(`${event.choice} ${event.part}`)) said += event.text;
  }
  return said;
}

/** The record of a request that went well, for `settled` hooks. */
export function settledRecord(overrides: Partial<SettledRecord> = {}): SettledRecord {
  return {
    id: 'req_test',
    time: Date.UTC(2026, 0, 1),
    operation: 'chat',
    format: 'openai-chat',
    stream: false,
    keyId: '',
    keyName: '',
    org: '',
    team: '',
    project: '',
    user: '',
    customer: '',
    session: '',
    tags: [],
    model: 'test-model',
    provider: 'mock',
    targetModel: 'hello',
    status: 200,
    outcome: 'ok',
    error: '',
    usage: { ...emptyUsage(), inputTokens: 10, outputTokens: 5 },
    costNano: 0,
    attempts: [
      {
        provider: 'mock',
        model: 'hello',
        key: '',
        status: 200,
        error: null,
        ms: 10,
        startMs: 1,
        connectMs: 0,
        firstByteMs: 9,
      },
    ],
    totalMs: 12,
    firstByteMs: 10,
    firstTokenMs: null,
    overheadUs: 100,
    cache: 'bypass',
    errorMessage: '',
    bodyMs: null,
    checkMs: null,
    checkedMs: null,
    routedMs: 0.5,
    plugins: [],
    hooks: [],
    finish: 'stop',
    tools: [],
    trace: '',
    answerId: '',
    continues: '',
    metadata: {},
    passedOver: [],
    ...overrides,
  };
}
