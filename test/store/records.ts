import type { AttemptRecord, SettledRecord, Usage } from '@headgate/sdk';
import fc from 'fast-check';
import type { TakenBatch } from '../../core/store/ledger-store.js';
import { batchOf } from '../../core/store/record-codec.js';

let count = 0;

/** As requests without metadata have it: one object for all. */
const NO_METADATA: SettledRecord['metadata'] = {};

/** An ordinary settled record with an id of its own. */
export function settled(over: Partial<SettledRecord> = {}): SettledRecord {
  count++;
  return {
    id: `req_${String(count).padStart(10, '0')}`,
    time: Date.UTC(2026, 0, 31, 12) + count,
    operation: 'chat',
    format: 'openai-chat',
    stream: false,
    keyId: 'k1',
    keyName: 'ci',
    org: '',
    team: '',
    project: '',
    user: '',
    customer: 'acme',
    session: '',
    tags: [],
    model: 'support',
    provider: 'openai',
    targetModel: 'gpt-4o',
    status: 200,
    outcome: 'ok',
    error: '',
    usage: usage(),
    costNano: 12_345,
    attempts: [attempt()],
    totalMs: 12.5,
    firstByteMs: 11.25,
    firstTokenMs: null,
    overheadUs: 60.5,
    cache: 'miss',
    errorMessage: '',
    bodyMs: null,
    checkMs: null,
    checkedMs: null,
    routedMs: 0.125,
    plugins: [],
    hooks: [],
    finish: 'stop',
    tools: [],
    trace: '',
    answerId: '',
    continues: '',
    metadata: NO_METADATA,
    passedOver: [],
    ...over,
  };
}

export function usage(over: Partial<Usage> = {}): Usage {
  return {
    inputTokens: 100,
    outputTokens: 20,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    cacheWriteLongTokens: 0,
    reasoningTokens: 0,
    inputAudioTokens: 0,
    outputAudioTokens: 0,
    ...over,
  };
}

export function attempt(over: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    provider: 'openai',
    model: 'gpt-4o',
    key: '0',
    status: 200,
    error: null,
    ms: 12,
    startMs: 0.25,
    connectMs: 0.5,
    firstByteMs: 11,
    ...over,
  };
}

/** A batch that has not been in the spool. */
export function taken(...records: SettledRecord[]): TakenBatch {
  return { batch: batchOf(records), end: null };
}

const name = fc.oneof(
  fc.constantFrom('', 'acme', 'b', 'other'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const tokens = fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 2_000_000 }));
/** Durations are kept to the thousandth. */
const ms = fc.nat({ max: 600_000_000 }).map((thousandths) => thousandths / 1000);

const anyUsage: fc.Arbitrary<Usage> = fc.record({
  inputTokens: tokens,
  outputTokens: tokens,
  cacheReadTokens: tokens,
  cacheWriteTokens: tokens,
  cacheWriteLongTokens: tokens,
  reasoningTokens: tokens,
  inputAudioTokens: tokens,
  outputAudioTokens: tokens,
});

/** Any settled record within three days of 2026; ids may repeat only as often as a coincidence of UUIDs. */
export const anyRecord: fc.Arbitrary<SettledRecord> = fc.record({
  id: fc.uuid(),
  time: fc.integer({ min: Date.UTC(2026, 0, 30), max: Date.UTC(2026, 1, 2) }),
  operation: fc.constantFrom('chat', 'embedding', 'count-tokens'),
  format: fc.constantFrom('openai-chat', 'anthropic-messages'),
  stream: fc.boolean(),
  keyId: fc.constantFrom('', 'k1', 'k2'),
  keyName: fc.constantFrom('ci', 'web "quoted"\n'),
  org: name,
  team: fc.constantFrom('', 'support'),
  project: name,
  user: name,
  customer: name,
  session: name,
  tags: fc.array(name, { maxLength: 3 }),
  model: fc.constantFrom('support', 'fast', 'a\\b'),
  provider: fc.constantFrom('', 'openai', 'anthropic'),
  targetModel: fc.constantFrom('', 'gpt-4o', 'claude'),
  status: fc.constantFrom(0, 200, 429, 502),
  outcome: fc.constantFrom('ok', 'error', 'client-closed'),
  error: fc.constantFrom('', 'rate_limited'),
  usage: fc.option(anyUsage),
  costNano: fc.option(fc.nat({ max: 2_000_000_000 })),
  attempts: fc.array(
    fc.record({
      provider: fc.constantFrom('openai', 'anthropic'),
      model: fc.constantFrom('gpt-4o', 'claude'),
      key: name,
      status: fc.constantFrom(0, 200, 500),
      error: fc.option(name),
      ms,
      startMs: ms,
      connectMs: fc.option(ms),
      firstByteMs: fc.option(ms),
    }),
    { maxLength: 3 },
  ),
  totalMs: ms,
  firstByteMs: fc.option(ms),
  firstTokenMs: fc.option(ms),
  overheadUs: ms,
  cache: fc.constantFrom('', 'miss', 'hit-exact'),
  errorMessage: fc.constantFrom('', 'it "failed"\n'),
  bodyMs: fc.option(ms),
  checkMs: fc.option(ms),
  checkedMs: fc.option(ms),
  routedMs: fc.option(ms),
  plugins: fc.array(name, { maxLength: 2 }),
  hooks: fc.array(
    fc.record({
      plugin: name,
      phase: fc.constantFrom('request', 'route', 'event'),
      outcome: fc.constantFrom('passed', 'refused', 'unfinished'),
      startMs: ms,
      ms,
      restMs: ms,
      calls: tokens,
    }),
    { maxLength: 3 },
  ),
  finish: fc.constantFrom('', 'stop'),
  tools: fc.array(name, { maxLength: 2 }),
  trace: fc.constantFrom('', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
  answerId: name,
  continues: name,
  metadata: fc.dictionary(name, name, { maxKeys: 2 }),
  passedOver: fc.array(
    fc.record({ provider: name, model: name, why: fc.constantFrom('ejected', 'resting', 'no_key') }),
    { maxLength: 2 },
  ),
});

/** One of the time before keys belonged to anybody. */
export const anyOldRecord = anyRecord.map((record) => ({
  ...beforeDetails(record),
  org: '',
  team: '',
  project: '',
  user: '',
}));

/** The record as it is read that was kept before records told where the time went. */
export function beforeDetails(record: SettledRecord): SettledRecord {
  return {
    ...record,
    errorMessage: '',
    bodyMs: null,
    checkMs: null,
    checkedMs: null,
    routedMs: null,
    plugins: [],
    hooks: [],
    finish: '',
    tools: [],
    trace: '',
    answerId: '',
    continues: '',
    metadata: {},
    passedOver: [],
    attempts: record.attempts.map((one) => ({ ...one, startMs: 0, connectMs: null, firstByteMs: null })),
  };
}
