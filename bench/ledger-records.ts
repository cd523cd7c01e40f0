/** Records as a support-software company has them: many customers of a few products, over a year. */
import type { SettledRecord } from '@headgate/sdk';

const DAY_MS = 86_400_000;
const MODELS = [
  ['support', 'openai', 'gpt-4o-mini', 'openai-chat'],
  ['support', 'openai', 'gpt-4o', 'openai-chat'],
  ['writer', 'anthropic', 'claude-sonnet-4-5', 'anthropic-messages'],
  ['classifier', 'gemini', 'gemini-2.5-flash', 'openai-chat'],
  ['search', 'openai', 'text-embedding-3-small', 'openai-embeddings'],
] as const;
const FEATURES = ['reply', 'summary', 'triage', 'translate', 'search', 'voice'];

export interface RecordsOptions {
  readonly records: number;
  readonly customers: number;
  readonly keys: number;
  /** Unix milliseconds: the last of them. */
  readonly until: number;
  readonly days: number;
}

/** Always the same for the same options. */
export function* ledgerRecords(options: RecordsOptions): Generator<SettledRecord> {
  const random = randoms(42);
  const { records, customers, keys, until, days } = options;
  const from = until - days * DAY_MS;
  for (let i = 0; i < records; i++) {
    const time = Math.floor(from + ((until - from) * i) / records);
    // A few customers ask most: the square of an even share.
    const customer = Math.floor(customers * random() ** 2);
    const key = customer % keys;
    const [model, provider, targetModel, format] = MODELS[Math.floor(MODELS.length * random() ** 2)]!;
    const feature = FEATURES[Math.floor(FEATURES.length * random() ** 2)]!;
    const failed = random() < 0.01;
    const inputTokens = 200 + Math.floor(3000 * random());
    const outputTokens = failed ? 0 : 50 + Math.floor(500 * random());
    yield {
      id: `req_${String(i).padStart(12, '0')}`,
      time,
      operation: format === 'openai-embeddings' ? 'embedding' : 'chat',
      format,
      stream: i % 3 === 0,
      keyId: `key_${key}`,
      keyName: `key ${key}`,
      org: `org-${key % 5}`,
      team: `team-${key % 40}`,
      project: key % 2 === 0 ? `project-${key % 20}` : '',
      user: key % 3 === 0 ? `user-${key}` : '',
      customer: `customer-${customer}`,
      session: `session-${Math.floor(i / 8)}`,
      tags: i % 4 === 0 ? [`feature:${feature}`, 'env:production'] : [`feature:${feature}`],
      model,
      provider,
      targetModel,
      status: failed ? 500 : 200,
      outcome: failed ? 'error' : 'ok',
      error: failed ? 'provider_error' : '',
      usage: {
        inputTokens,
        outputTokens,
        cacheReadTokens: i % 2 === 0 ? 128 : 0,
        cacheWriteTokens: 0,
        cacheWriteLongTokens: 0,
        reasoningTokens: 0,
        inputAudioTokens: 0,
        outputAudioTokens: 0,
      },
      costNano: inputTokens * 150 + outputTokens * 600,
      attempts: [
        {
          provider,
          model: targetModel,
          key: '0',
          status: 200,
          error: null,
          ms: 812,
          startMs: 0.08,
          connectMs: 0.01,
          firstByteMs: 811,
        },
      ],
      totalMs: 1200.5,
      firstByteMs: 811.25,
      firstTokenMs: 830.125,
      overheadUs: 90,
      errorMessage: '',
      bodyMs: 0.04,
      checkMs: null,
      checkedMs: null,
      routedMs: 0.07,
      plugins: [],
      hooks: [],
      finish: 'stop',
      tools: [],
      trace: '',
      answerId: '',
      continues: '',
      metadata: {},
      passedOver: [],
      cache: 'bypass',
    };
  }
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function randoms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
