import type { SettledRecord } from '@headgate/sdk';
import type { RecordColumns } from './record-columns.js';
import { RecordCursor } from './record-cursor.js';

/**
 * Records as they are kept and passed on: the bytes of their batch, and its columns read in place. Going through it gives
 * one object that moves from record to record; who keeps a record takes a copy of it.
 */
export class RecordBatch implements Iterable<SettledRecord> {
  private range: { first: number; last: number } | null = null;

  constructor(
    /** What `openBatch` was given. */
    readonly bytes: Uint8Array,
    /** Records. */
    readonly count: number,
    readonly columns: RecordColumns,
  ) {}

  /** Earliest arrival, unix milliseconds. */
  get firstMs(): number {
    return this.times().first;
  }

  /** Latest arrival. */
  get lastMs(): number {
    return this.times().last;
  }

  cursor(): RecordCursor {
    return new RecordCursor(this.columns, this.count);
  }

  [Symbol.iterator](): Iterator<SettledRecord> {
    const value = this.cursor();
    const step: { done: boolean; value: SettledRecord } = { done: false, value };
    let row = 0;
    return {
      next: () => {
        value.row = row;
        step.done = row++ >= this.count;
        return step;
      },
    };
  }

  private times(): { first: number; last: number } {
    if (this.range !== null) return this.range;
    const { time } = this.columns;
    let first = Number.POSITIVE_INFINITY;
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < this.count; i++) {
      first = Math.min(first, time.at(i));
      last = Math.max(last, time.at(i));
    }
    return (this.range = { first, last });
  }
}

/** A record that stays as it is when the cursor moves on. */
export function copyOf(record: SettledRecord): SettledRecord {
  const usage = record.usage;
  return {
    id: record.id,
    time: record.time,
    operation: record.operation,
    format: record.format,
    stream: record.stream,
    keyId: record.keyId,
    keyName: record.keyName,
    org: record.org,
    team: record.team,
    project: record.project,
    user: record.user,
    customer: record.customer,
    session: record.session,
    tags: record.tags,
    model: record.model,
    provider: record.provider,
    targetModel: record.targetModel,
    status: record.status,
    outcome: record.outcome,
    error: record.error,
    usage: usage && {
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      cacheReadTokens: usage.cacheReadTokens,
      cacheWriteTokens: usage.cacheWriteTokens,
      cacheWriteLongTokens: usage.cacheWriteLongTokens,
      reasoningTokens: usage.reasoningTokens,
      inputAudioTokens: usage.inputAudioTokens,
      outputAudioTokens: usage.outputAudioTokens,
      serviceTier: usage.serviceTier,
      units: usage.units,
    },
    costNano: record.costNano,
    attempts: record.attempts.map((one) => ({
      provider: one.provider,
      model: one.model,
      key: one.key,
      status: one.status,
      error: one.error,
      ms: one.ms,
      startMs: one.startMs,
      connectMs: one.connectMs,
      firstByteMs: one.firstByteMs,
    })),
    totalMs: record.totalMs,
    firstByteMs: record.firstByteMs,
    firstTokenMs: record.firstTokenMs,
    overheadUs: record.overheadUs,
    cache: record.cache,
    errorMessage: record.errorMessage,
    bodyMs: record.bodyMs,
    checkMs: record.checkMs,
    checkedMs: record.checkedMs,
    routedMs: record.routedMs,
    plugins: record.plugins,
    hooks: record.hooks.map((one) => ({
      plugin: one.plugin,
      phase: one.phase,
      outcome: one.outcome,
      startMs: one.startMs,
      ms: one.ms,
      restMs: one.restMs,
      calls: one.calls,
    })),
    finish: record.finish,
    tools: record.tools,
    trace: record.trace,
    answerId: record.answerId,
    continues: record.continues,
    metadata: record.metadata,
    passedOver: record.passedOver,
  };
}
