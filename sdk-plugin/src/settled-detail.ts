import type { AttemptRecord, HookTime, SettledRecord } from './views.js';

/** Where a request stands among the spans of a trace. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits: the span of the request itself. */
  readonly spanId: string;
  /** 16 hex digits: what the client was doing; null when it did not say. */
  readonly parentId: string | null;
  /** The client's word; true where it said nothing. */
  readonly sampled: boolean;
}

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

/** One hook of a plugin with its times as offsets from the arrival of the request, in whole microseconds. */
export interface SettledHook {
  readonly record: HookTime;
  /** From its first call to the end of its last. */
  readonly span: TimeSpan;
  /** How long it had the request: less than the span where it was called several times. */
  readonly busyUs: number;
}

/** A request and its answer as they are kept: with what must not be kept taken out. Null: no text, or nothing of it may be kept. */
export interface SettledContent {
  readonly request: string | null;
  /** A stream put together to what the answer would have been. */
  readonly answer: string | null;
}

/**
 * All that is known of a settled request, for whoever makes something of it: traces, sinks, a live view. Made on demand from the
 * record, which is what I/O threads write down; nothing here costs them anything.
 */
export interface SettledDetail {
  readonly record: SettledRecord;
  readonly trace: TraceContext;
  readonly timings: SettledTimings;
  readonly attempts: readonly SettledAttempt[];
  readonly hooks: readonly SettledHook[];
  /** Request and answer, for sinks that are to have them. Absent where nothing is kept of them. */
  readonly content?: SettledContent;
}
