import type {
  AttemptRecord,
  HookOutcome,
  HookTime,
  PassedOver,
  Phase,
  ServiceTier,
  SettledRecord,
  TOKEN_COUNTS,
} from '@headgate/sdk';
import type { Column, ColumnHead } from './column.js';
import { type ColumnWriter, plain } from './column-writer.js';

/** What a record has once: everything but its lists and its usage. */
type Flat = Omit<SettledRecord, 'tags' | 'usage' | 'attempts' | 'hooks'>;

type Columns<T> = { readonly [K in keyof T]: Column<T[K]> };

/** A batch of records turned on its side. */
export interface RecordColumns extends Columns<Flat> {
  readonly tags: Column<readonly string[]>;
  /** Whether a record has usage; where not, the columns of usage have 0. */
  readonly used: Column<boolean>;
  readonly usage: Columns<Record<(typeof TOKEN_COUNTS)[number], number>>;
  /** Empty where nobody said. */
  readonly serviceTier: Column<ServiceTier | ''>;
  /** `UsageUnits` as JSON; empty where there are none. */
  readonly units: Column<string>;
  /** Attempts of each record; `attempts` has them all, one record after the other. */
  readonly tries: Column<number>;
  readonly attempts: Columns<AttemptRecord>;
  /** Hooks of each record; `hooks` has them all, like attempts. */
  readonly hookCounts: Column<number>;
  readonly hooks: Columns<HookTime>;
}

/** What a column has a row for. */
export type RowsOf = 'records' | 'attempts' | 'hooks';

type Write<T> = (to: ColumnWriter, rows: readonly T[]) => ColumnHead;
type Get<T> = (row: T) => unknown;

// A function a field, because looking fields up by name costs several times as much.
const texts =
  <T>(get: Get<T>): Write<T> =>
  (to, rows) =>
    to.texts(rows, get);
const words =
  <T>(get: Get<T>): Write<T> =>
  (to, rows) =>
    to.words(rows, get);
const whole =
  <T>(get: Get<T>): Write<T> =>
  (to, rows) =>
    to.numbers(rows, get, 1);
/** A duration: to the thousandth, as the log shows it. What lies below is noise, and would be most of the bytes. */
const thousandths =
  <T>(get: Get<T>): Write<T> =>
  (to, rows) =>
    to.numbers(rows, get, 1000);

const NO_TAGS: readonly string[] = [];
const NO_METADATA: Readonly<Record<string, string>> = {};
const NONE_PASSED_OVER: readonly PassedOver[] = [];

/**
 * The columns in the order in which they lie, which `readRecordColumns` repeats. Another order is another layout; what is new
 * goes to the end, so that the older layouts are read by the same code.
 */
const OF_RECORDS: readonly Write<SettledRecord>[] = [
  texts((r) => r.id),
  whole((r) => r.time),
  words((r) => r.operation),
  words((r) => r.format),
  words((r) => r.stream),
  words((r) => r.keyId),
  words((r) => r.keyName),
  words((r) => r.customer),
  words((r) => r.session),
  words((r) => r.model),
  words((r) => r.provider),
  words((r) => r.targetModel),
  whole((r) => r.status),
  words((r) => r.outcome),
  words((r) => r.error),
  whole((r) => r.costNano),
  thousandths((r) => r.totalMs),
  thousandths((r) => r.firstByteMs),
  thousandths((r) => r.firstTokenMs),
  thousandths((r) => r.overheadUs),
  words((r) => r.cache),
  (_, rows) => plain(rows, (r) => (r.tags.length === 0 ? NO_TAGS : r.tags)),
  words((r) => r.usage !== null),
  whole((r) => (r.usage === null ? 0 : r.usage.inputTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.outputTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.cacheReadTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.cacheWriteTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.cacheWriteLongTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.reasoningTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.inputAudioTokens)),
  whole((r) => (r.usage === null ? 0 : r.usage.outputAudioTokens)),
  whole((r) => r.attempts.length),
  words((r) => r.usage?.serviceTier ?? ''),
  words((r) => (r.usage?.units === undefined ? '' : JSON.stringify(r.usage.units))),
];

/** What layout 3 did not have yet. */
const SINCE_4: readonly Write<SettledRecord>[] = [
  words((r) => r.org),
  words((r) => r.team),
  words((r) => r.project),
  words((r) => r.user),
];

/** What layout 4 did not have yet. */
const SINCE_5: readonly Write<SettledRecord>[] = [
  words((r) => r.errorMessage),
  thousandths((r) => r.bodyMs),
  thousandths((r) => r.checkMs),
  thousandths((r) => r.checkedMs),
  thousandths((r) => r.routedMs),
  words((r) => r.plugins),
  words((r) => r.finish),
  (_, rows) => plain(rows, (r) => (r.tools.length === 0 ? NO_TAGS : r.tools)),
  words((r) => r.trace),
  words((r) => r.answerId),
  words((r) => r.continues),
];

/** What layout 5 did not have yet. */
const SINCE_6: readonly Write<SettledRecord>[] = [(_, rows) => plain(rows, (r) => r.metadata)];

/** What layout 6 did not have yet. */
const SINCE_7: readonly Write<SettledRecord>[] = [
  (_, rows) => plain(rows, (r) => (r.passedOver.length === 0 ? NONE_PASSED_OVER : r.passedOver)),
];

/** What layout 7 did not have yet; not there at all where no record of the batch has hooks. */
const SINCE_8: readonly Write<SettledRecord>[] = [whole((r) => r.hooks.length)];

const OF_HOOKS_SINCE_8: readonly Write<HookTime>[] = [
  words((h) => h.plugin),
  words((h) => h.phase),
  words((h) => h.outcome),
  thousandths((h) => h.startMs),
  thousandths(ownMs),
  thousandths((h) => h.restMs),
  whole((h) => h.calls),
];

const OF_ATTEMPTS_SINCE_5: readonly Write<AttemptRecord>[] = [
  thousandths((a) => a.startMs),
  thousandths((a) => a.connectMs),
  thousandths((a) => a.firstByteMs),
];

const OF_ATTEMPTS: readonly Write<AttemptRecord>[] = [
  words((a) => a.provider),
  words((a) => a.model),
  words((a) => a.key),
  whole((a) => a.status),
  words((a) => a.error),
  thousandths((a) => a.ms),
];

/** To the thousandth in such a way that the next hook does not begin before this one ends, nor the request end. */
function ownMs({ startMs, ms, restMs }: HookTime): number {
  const whole = Math.round((startMs + ms + restMs) * 1000);
  return Math.max(0, whole - Math.round(startMs * 1000) - Math.round(restMs * 1000)) / 1000;
}

/** Writes all columns; their heads, in order, are added to `heads`. */
export function writeRecordColumns(
  to: ColumnWriter,
  records: readonly SettledRecord[],
  attempts: readonly AttemptRecord[],
  hooks: readonly HookTime[],
  heads: ColumnHead[],
): void {
  for (const write of OF_RECORDS) heads.push(write(to, records));
  for (const write of OF_ATTEMPTS) heads.push(write(to, attempts));
  for (const write of SINCE_4) heads.push(write(to, records));
  for (const write of SINCE_5) heads.push(write(to, records));
  for (const write of OF_ATTEMPTS_SINCE_5) heads.push(write(to, attempts));
  for (const write of SINCE_6) heads.push(write(to, records));
  for (const write of SINCE_7) heads.push(write(to, records));
  if (hooks.length === 0) return;
  for (const write of SINCE_8) heads.push(write(to, records));
  for (const write of OF_HOOKS_SINCE_8) heads.push(write(to, hooks));
}

type OldAttempt = Omit<AttemptRecord, 'startMs' | 'connectMs' | 'firstByteMs'>;

/** Where columns are read from, one after the other. */
export interface ColumnSource {
  /** The next column; `of` says which rows it has. */
  next<V>(of: RowsOf): Column<V>;
  /** The next column, or this value in all its rows when their layout did not have it yet. */
  since<V>(layout: number, otherwise: V, of?: RowsOf): Column<V>;
  /** The next column, or this value in all its rows where no record of the batch has hooks. */
  ofHooks<V>(otherwise: V, of?: RowsOf): Column<V>;
}

export function readRecordColumns(from: ColumnSource): RecordColumns {
  const columns: Omit<RecordColumns, 'attempts' | 'metadata' | 'passedOver' | 'hooks' | 'hookCounts'> & {
    attempts: Columns<OldAttempt>;
  } = {
    id: from.next('records'),
    time: from.next('records'),
    operation: from.next('records'),
    format: from.next('records'),
    stream: from.next('records'),
    keyId: from.next('records'),
    keyName: from.next('records'),
    customer: from.next('records'),
    session: from.next('records'),
    model: from.next('records'),
    provider: from.next('records'),
    targetModel: from.next('records'),
    status: from.next('records'),
    outcome: from.next('records'),
    error: from.next('records'),
    costNano: from.next('records'),
    totalMs: from.next('records'),
    firstByteMs: from.next('records'),
    firstTokenMs: from.next('records'),
    overheadUs: from.next('records'),
    cache: from.next('records'),
    tags: from.next('records'),
    used: from.next('records'),
    usage: {
      inputTokens: from.next('records'),
      outputTokens: from.next('records'),
      cacheReadTokens: from.next('records'),
      cacheWriteTokens: from.next('records'),
      cacheWriteLongTokens: from.next('records'),
      reasoningTokens: from.next('records'),
      inputAudioTokens: from.next('records'),
      outputAudioTokens: from.next('records'),
    },
    tries: from.next('records'),
    serviceTier: from.since<ServiceTier | ''>(3, ''),
    units: from.since(3, ''),
    attempts: {
      provider: from.next('attempts'),
      model: from.next('attempts'),
      key: from.next('attempts'),
      status: from.next('attempts'),
      error: from.next('attempts'),
      ms: from.next('attempts'),
    },
    org: from.since(4, ''),
    team: from.since(4, ''),
    project: from.since(4, ''),
    user: from.since(4, ''),
    errorMessage: from.since(5, ''),
    bodyMs: from.since<number | null>(5, null),
    checkMs: from.since<number | null>(5, null),
    checkedMs: from.since<number | null>(5, null),
    routedMs: from.since<number | null>(5, null),
    plugins: from.since(5, NO_TAGS),
    finish: from.since(5, ''),
    tools: from.since(5, NO_TAGS),
    trace: from.since(5, ''),
    answerId: from.since(5, ''),
    continues: from.since(5, ''),
  };
  const attempts = {
    ...columns.attempts,
    startMs: from.since(5, 0, 'attempts'),
    connectMs: from.since<number | null>(5, null, 'attempts'),
    firstByteMs: from.since<number | null>(5, null, 'attempts'),
  };
  return {
    ...columns,
    attempts,
    metadata: from.since(6, NO_METADATA),
    passedOver: from.since(7, NONE_PASSED_OVER),
    hookCounts: from.ofHooks(0, 'records'),
    hooks: {
      plugin: from.ofHooks(''),
      phase: from.ofHooks<Phase>('request'),
      outcome: from.ofHooks<HookOutcome>('passed'),
      startMs: from.ofHooks(0),
      ms: from.ofHooks(0),
      restMs: from.ofHooks(0),
      calls: from.ofHooks(0),
    },
  };
}
