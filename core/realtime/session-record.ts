import type { AttemptRecord, Outcome, SettledRecord, Usage } from '@headgate/sdk';
import { overheadUs } from '../answer-headers.js';
import type { Exchange } from '../exchange.js';
import { keptMetadata } from '../kept-metadata.js';
import { errorText } from '../observe/error-text.js';
import { tracePart } from '../observe/trace-context.js';
import { hookTimes } from '../plan/hook-times.js';

/** What a session, or one answer in it, came to. */
export interface Account {
  readonly usage: Usage | null;
  /** Nano-dollars; null when no price is known. */
  readonly costNano: number | null;
  readonly outcome: Outcome;
  readonly error: string;
  readonly attempts: AttemptRecord[];
  /** False: nothing was asked of the provider. */
  readonly asked: boolean;
}

/** The HTTP status with which a session begins. */
const SWITCHING = 101;

export function sessionRecord(x: Exchange, account: Account): SettledRecord {
  const { principal, metadata } = x;
  const target = account.asked ? x.target : null;
  const now = performance.now();
  return {
    id: x.id,
    time: x.receivedAt,
    operation: x.endpoint.format.operation,
    format: x.endpoint.format.id,
    stream: true,
    keyId: principal?.id ?? '',
    keyName: principal?.name ?? '',
    org: principal?.org ?? '',
    team: principal?.team ?? '',
    project: principal?.project ?? '',
    user: principal?.user ?? '',
    customer: metadata.customer ?? '',
    session: metadata.session ?? '',
    tags: metadata.tags,
    model: x.route?.name ?? x.model.slice(0, 256),
    provider: target?.provider.id ?? '',
    targetModel: target?.model ?? '',
    status: SWITCHING,
    outcome: account.outcome,
    error: account.error,
    usage: account.usage,
    costNano: account.costNano,
    attempts: account.attempts,
    totalMs: now - x.startedAt,
    firstByteMs: x.headAt === 0 ? null : x.headAt - x.startedAt,
    firstTokenMs: null,
    overheadUs: x.headAt === 0 ? 0 : overheadUs(x),
    cache: x.cache,
    errorMessage: account.outcome === 'error' ? errorText(x.error) : '',
    bodyMs: null,
    checkMs: null,
    checkedMs: null,
    routedMs: null,
    plugins: x.plan?.plugins ?? [],
    hooks: hookTimes(x, now),
    finish: '',
    tools: [],
    trace: tracePart(x.header('traceparent')),
    answerId: '',
    continues: '',
    metadata: keptMetadata(x),
    passedOver: x.passedOver,
  };
}
