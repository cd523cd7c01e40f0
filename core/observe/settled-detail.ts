import type { AttemptRecord, SettledRecord } from '@headgate/sdk';
import { attemptSpan, type TraceContext, traceOf } from './trace-context.js';

/** A span of time within a request: whole microseconds from its arrival on. */
export interface TimeSpan {
  readonly fromUs: number;
  readonly toUs: number;
}

/** Where the time of a request went. Null where something did not happen, or took no time of its own. */
export interface SettledTimings {
  /** Until the whole request was there. */
  readonly queue: TimeSpan | null;
  /** Limits, budgets, caches and guards. */
  readonly guard: TimeSpan | null;
  /** From what came before until it was known where to go. */
  readonly route: TimeSpan | null;
  /** From the first byte of the answer to the last. */
  readonly stream: TimeSpan | null;
  /** Offsets from arrival. */
  readonly firstByteUs: number | null;
  readonly firstTokenUs: number | null;
  readonly totalUs: number;
  /** The gateway's own part of the time until the head of the answer. */
  readonly overheadUs: number;
}

/** One attempt with its times as offsets from the arrival of the request, in whole microseconds. */
export interface SettledAttempt {
  readonly record: AttemptRecord;
  /** W3C span id, 16 hex digits. */
  readonly spanId: string;
  readonly startUs: number;
  /** It left over a connection. */
  readonly connectedUs: number | null;
  readonly firstByteUs: number | null;
  readonly endUs: number;
}

/**
 * All that is known of a settled request, for whoever makes something of it in the ledger's thread: traces, sinks, a live view.
 * Made on demand from the record, which is what I/O threads write down; nothing here costs them anything.
 */
export interface SettledDetail {
  readonly record: SettledRecord;
  readonly trace: TraceContext;
  readonly timings: SettledTimings;
  readonly attempts: readonly SettledAttempt[];
}

/**
 * Told of settled requests in the ledger's thread, a batch at a time and each once, when they come in: whether they are in the
 * database by then is not known. It must return soon, since the ledger waits for it, and must not throw; what takes time is begun
 * and not waited for. `records` gives one object that moves on from record to record: `copyOf` or {@link detailOf} what is kept.
 */
export interface SettledConsumer {
  take(records: Iterable<SettledRecord>): void;
  /** Nothing follows. Resolves when what it has taken is where it belongs, or has been given up. */
  close(): Promise<void>;
}

/** @param record one that stays as it is, not a cursor that moves on */
export function detailOf(record: SettledRecord): SettledDetail {
  return {
    record,
    trace: traceOf(record),
    timings: timingsOf(record),
    attempts: record.attempts.map((attempt, i) => attemptOf(record.id, attempt, i)),
  };
}

function attemptOf(id: string, record: AttemptRecord, i: number): SettledAttempt {
  const { startMs, connectMs, firstByteMs, ms } = record;
  const after = (later: number | null): number | null => (later === null ? null : us(startMs + later));
  return {
    record,
    spanId: attemptSpan(id, i),
    startUs: us(startMs),
    connectedUs: after(connectMs),
    firstByteUs: after(firstByteMs),
    endUs: us(startMs + ms),
  };
}

function timingsOf(record: SettledRecord): SettledTimings {
  const { bodyMs, checkMs, checkedMs, routedMs, firstByteMs, firstTokenMs, totalMs, overheadUs } = record;
  return {
    queue: spanOf(0, bodyMs),
    guard: checkMs === null ? null : spanOf(checkMs, checkedMs ?? totalMs),
    route: spanOf(checkedMs ?? bodyMs ?? 0, routedMs),
    stream: firstByteMs === null ? null : spanOf(firstByteMs, totalMs),
    firstByteUs: firstByteMs === null ? null : us(firstByteMs),
    firstTokenUs: firstTokenMs === null ? null : us(firstTokenMs),
    totalUs: us(totalMs),
    overheadUs: Math.round(overheadUs),
  };
}

function spanOf(fromMs: number, toMs: number | null): TimeSpan | null {
  return toMs === null ? null : { fromUs: us(fromMs), toUs: Math.max(us(fromMs), us(toMs)) };
}

function us(ms: number): number {
  return Math.round(ms * 1000);
}
