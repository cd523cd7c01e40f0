import type {
  AttemptRecord,
  HookTime,
  SettledAttempt,
  SettledDetail,
  SettledHook,
  SettledRecord,
  SettledTimings,
  TimeSpan,
} from '@headgate/sdk';
import { attemptSpan, traceOf } from './trace-context.js';

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
  const trace = traceOf(record);
  return {
    record,
    trace,
    timings: timingsOf(record),
    attempts: record.attempts.map((attempt, i) => attemptOf(trace.spanId, attempt, i)),
    hooks: record.hooks.map(hookOf),
  };
}

function attemptOf(spanId: string, record: AttemptRecord, i: number): SettledAttempt {
  const { startMs, connectMs, firstByteMs, ms } = record;
  const after = (later: number | null): number | null => (later === null ? null : us(startMs + later));
  return {
    record,
    spanId: attemptSpan(spanId, i),
    startUs: us(startMs),
    connectedUs: after(connectMs),
    firstByteUs: after(firstByteMs),
    endUs: us(startMs + ms),
  };
}

function hookOf(record: HookTime): SettledHook {
  const { startMs, ms, restMs } = record;
  return { record, span: spanOf(startMs, startMs + ms + restMs), busyUs: us(ms) };
}

function timingsOf(record: SettledRecord): SettledTimings {
  const { bodyMs, checkMs, checkedMs, routedMs, firstByteMs, firstTokenMs, totalMs, overheadUs } = record;
  return {
    queue: spanTo(0, bodyMs),
    guard: checkMs === null ? null : spanOf(checkMs, checkedMs ?? totalMs),
    route: spanTo(checkedMs ?? bodyMs ?? 0, routedMs),
    stream: firstByteMs === null ? null : spanOf(firstByteMs, totalMs),
    firstByteUs: firstByteMs === null ? null : us(firstByteMs),
    firstTokenUs: firstTokenMs === null ? null : us(firstTokenMs),
    totalUs: us(totalMs),
    overheadUs: Math.round(overheadUs),
  };
}

function spanTo(fromMs: number, toMs: number | null): TimeSpan | null {
  return toMs === null ? null : spanOf(fromMs, toMs);
}

function spanOf(fromMs: number, toMs: number): TimeSpan {
  return { fromUs: us(fromMs), toUs: Math.max(us(fromMs), us(toMs)) };
}

function us(ms: number): number {
  return Math.round(ms * 1000);
}
