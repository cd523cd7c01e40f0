import type { SettledRecord } from './views.js';

export type RecordValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | Readonly<Record<string, string>>
  | null;

/**
 * One thing that is told of a settled request, under the same name wherever it is told: the admin API, exports, sinks.
 *
 * `time`: unix milliseconds. `nano`: nano-dollars, whole. `count`: a whole number. `number`: one with fractions, to the thousandth, in the unit that the name says. `texts`, `numbers`: lists. `named`: texts
 * by names that callers chose, those of them that the configuration keeps.
 */
export interface RecordField {
  readonly kind: 'text' | 'texts' | 'named' | 'flag' | 'time' | 'count' | 'number' | 'numbers' | 'nano';
  /** Whether {@link of} may give null: it did not happen, or is not known. Texts that are not there are `''`. */
  readonly nullable: boolean;
  of(record: SettledRecord): RecordValue;
}

type Of<T extends RecordValue> = (record: SettledRecord) => T;

const text = (of: Of<string>): RecordField => ({ kind: 'text', nullable: false, of });
const texts = (of: Of<readonly string[]>): RecordField => ({ kind: 'texts', nullable: false, of });
const count = (of: Of<number>): RecordField => ({ kind: 'count', nullable: false, of });
const used = (of: Of<number | null>): RecordField => ({ kind: 'count', nullable: true, of });
const timed = (of: Of<number | null>, nullable = true): RecordField => ({
  kind: 'number',
  nullable,
  of: (record) => {
    const value = of(record);
    return value === null ? null : thousandth(value);
  },
});

function thousandth(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Those that were called, each once, in order of their first call. Where none is known to be, those that would have a say. */
function pluginsOf({ hooks, plugins }: SettledRecord): readonly string[] {
  return hooks.length === 0 ? plugins : [...new Set(hooks.map(({ plugin }) => plugin))];
}

/** Milliseconds that each of {@link pluginsOf} had the request, in all its hooks together; none where none is known. */
function pluginTimes(record: SettledRecord): readonly number[] {
  const times = new Map<string, number>();
  for (const { plugin, ms } of record.hooks) times.set(plugin, (times.get(plugin) ?? 0) + ms);
  return Array.from(times.values(), thousandth);
}

/** All that is told of a settled request but for its attempts, by name, in the order of tables. */
export const RECORD_FIELDS = {
  id: text((r) => r.id),
  time: { kind: 'time', nullable: false, of: (r) => r.time },
  operation: text((r) => r.operation),
  endpoint: text((r) => r.format),
  stream: { kind: 'flag', nullable: false, of: (r) => r.stream },
  status: count((r) => r.status),
  outcome: text((r) => r.outcome),
  error: text((r) => r.error),
  error_message: text((r) => r.errorMessage),
  key: text((r) => r.keyId),
  key_name: text((r) => r.keyName),
  org: text((r) => r.org),
  team: text((r) => r.team),
  project: text((r) => r.project),
  user: text((r) => r.user),
  customer: text((r) => r.customer),
  session: text((r) => r.session),
  tags: texts((r) => r.tags),
  model: text((r) => r.model),
  provider: text((r) => r.provider),
  upstream_model: text((r) => r.targetModel),
  attempts: count((r) => r.attempts.length),
  cache: text((r) => r.cache),
  finish: text((r) => r.finish),
  tools: texts((r) => r.tools),
  input_tokens: used((r) => r.usage?.inputTokens ?? null),
  output_tokens: used((r) => r.usage?.outputTokens ?? null),
  cache_read_tokens: used((r) => r.usage?.cacheReadTokens ?? null),
  cache_write_tokens: used((r) =>
    r.usage === null ? null : r.usage.cacheWriteTokens + r.usage.cacheWriteLongTokens,
  ),
  reasoning_tokens: used((r) => r.usage?.reasoningTokens ?? null),
  input_audio_tokens: used((r) => r.usage?.inputAudioTokens ?? null),
  output_audio_tokens: used((r) => r.usage?.outputAudioTokens ?? null),
  cost_usd: { kind: 'nano', nullable: true, of: (r) => r.costNano },
  total_ms: timed((r) => r.totalMs, false),
  first_byte_ms: timed((r) => r.firstByteMs),
  first_token_ms: timed((r) => r.firstTokenMs),
  overhead_us: timed((r) => r.overheadUs, false),
  plugins: texts(pluginsOf),
  plugin_ms: { kind: 'numbers', nullable: false, of: pluginTimes },
  metadata: { kind: 'named', nullable: false, of: (r) => r.metadata },
} as const satisfies Readonly<Record<string, RecordField>>;

export type RecordFieldName = keyof typeof RECORD_FIELDS;

export const RECORD_FIELD_NAMES = Object.keys(RECORD_FIELDS) as readonly RecordFieldName[];

/** How values are written that JSON has no word for; the others stay as they are. */
export interface RecordWriter {
  time(ms: number): unknown;
  nano(nano: number): unknown;
}

/** A settled request as JSON of one level, with `attempts` as their number. @param names the fields that it has */
export function recordRow<N extends RecordFieldName = RecordFieldName>(
  record: SettledRecord,
  write: RecordWriter,
  names: readonly N[] = RECORD_FIELD_NAMES as readonly N[],
): Record<N, unknown> {
  const row: Partial<Record<N, unknown>> = {};
  for (const name of names) {
    const { kind, of }: RecordField = RECORD_FIELDS[name];
    const value = of(record);
    row[name] =
      typeof value !== 'number' ? value : kind === 'time' || kind === 'nano' ? write[kind](value) : value;
  }
  return row as Record<N, unknown>;
}
