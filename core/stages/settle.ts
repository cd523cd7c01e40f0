import type { Outcome, ServiceTier, SettledRecord } from '@headgate/sdk';
import { overheadUs } from '../answer-headers.js';
import { costNano } from '../catalog/prices/cost.js';
import type { Exchange } from '../exchange.js';
import { answerBilled } from '../forward/answer-bill.js';
import { letGo } from '../gone.js';
import { keptMetadata } from '../kept-metadata.js';
import { errorText } from '../observe/error-text.js';
import { tracePart } from '../observe/trace-context.js';
import { hookTimes } from '../plan/hook-times.js';
import { runNotify } from '../plan/run-notify.js';
import { sumOf } from '../sum-of-usage.js';

const NO_NAMES: readonly string[] = Object.freeze([]);

/** Stage 15. Exactly once per request, whatever happened: what it was, what it cost, who pays; then everything is let go. */
export function settle(x: Exchange): void {
  if (x.settled) return;
  x.settled = true;
  x.answered = true;
  const { io, spans } = x;
  io.inFlight--;
  io.deadlines.delete(x);
  if (x.usage === null && x.meter !== null) x.usage = x.meter.usage();
  if (x.conversation !== null) answerBilled(x);
  const cost = costOf(x);
  if (x.spent !== null) x.usage = x.usage === null ? x.spent.usage : sumOf(x.usage, x.spent.usage);
  if (cost === null && x.usage !== null) io.unpriced.note(x);
  if (spans !== null) {
    x.spans = null;
    x.endpoint.giveBack(spans);
  }
  x.attempt?.release();
  const record = recordOf(x, cost);
  io.record(record);
  if (x.bodies !== null) io.keepBodies(x.bodies.take(x));
  x.durable?.settled();
  // A request that ended before it was planned is told too: of its model no more is known than the client's word.
  const hooks = (x.plan ?? x.runtime.plans.find(x.endpoint.format, x.model)).settled;
  const pending = hooks !== null && runNotify(hooks, record, x);
  if (!pending) letGo(x);
}

/**
 * Nano-dollars of what was used, by the prices of now, tries that came to nothing included; null when there is no price or
 * nothing is known to be used.
 */
export function costOf(x: Exchange): number | null {
  const cost = answerCost(x);
  const wasted = x.spent === null ? null : x.spent.nano;
  return wasted === null ? cost : (cost ?? 0) + wasted;
}

function answerCost(x: Exchange): number | null {
  const { usage, target } = x;
  if (x.billedNano !== null) return x.billedNano;
  if (usage === null || target === null) return null;
  const price = x.runtime.prices.find(target.provider.id, target.model, x.receivedAt);
  if (price === null) return null;
  if (price.services !== null && usage.serviceTier === undefined) usage.serviceTier = askedTier(x);
  return costNano(price, usage);
}

/** The price list that the request asked its provider for; it counts where the answer does not say which one it was. */
function askedTier(x: Exchange): ServiceTier | undefined {
  const { format } = x.endpoint;
  if (x.spans === null || x.target?.speech.get(format.id)?.same === false) return undefined;
  const asked = format.serviceTier?.(x);
  return asked === 'any' ? undefined : asked;
}

function recordOf(x: Exchange, cost: number | null): SettledRecord {
  const now = performance.now();
  const { principal, metadata, target, error, conversation } = x;
  const outcome: Outcome = x.clientGone ? 'client-closed' : error === null ? 'ok' : 'error';
  return {
    id: x.id,
    time: x.receivedAt,
    operation: x.isRun ? 'run' : x.endpoint.format.operation,
    format: x.endpoint.format.id,
    stream: x.stream,
    keyId: principal === null ? '' : principal.id,
    keyName: principal === null ? '' : principal.name,
    org: principal?.org ?? '',
    team: principal?.team ?? '',
    project: principal?.project ?? '',
    user: principal?.user ?? '',
    customer: metadata.customer ?? '',
    session:
      metadata.session ??
      (conversation === null ? '' : (conversation.asked.conversation ?? '').slice(0, 128)),
    tags: metadata.tags,
    model: x.route === null ? x.model.slice(0, 256) : x.route.name,
    provider: target === null ? (x.tool?.provider ?? '') : target.provider.id,
    targetModel: target === null ? (x.tool?.name ?? '') : target.model,
    status: x.status,
    outcome,
    error: error === null ? '' : error.code,
    usage: x.usage,
    costNano: cost,
    attempts: x.attempts,
    totalMs: now - x.startedAt,
    firstByteMs: offset(x, x.headAt),
    firstTokenMs: offset(x, x.firstTokenAt),
    overheadUs: overheadUs(x),
    cache: x.cache,
    errorMessage: errorText(error),
    bodyMs: Number.isFinite(x.bodyAt) ? offset(x, x.bodyAt) : null,
    checkMs: offset(x, x.checkAt),
    checkedMs: offset(x, x.checkedAt),
    routedMs: offset(x, x.routedAt),
    plugins: x.plan === null ? NO_NAMES : x.plan.plugins,
    hooks: hookTimes(x, now),
    finish: x.finish,
    tools: x.tools,
    trace: (x.tool !== null && tracePart(x.tool.traceparent)) || tracePart(x.header('traceparent')),
    answerId: conversation === null ? '' : conversation.answerId,
    continues: conversation === null ? '' : conversation.continues,
    metadata: keptMetadata(x),
    passedOver: x.passedOver,
  };
}

/** Milliseconds from arrival; null when it has not happened. */
function offset(x: Exchange, at: number): number | null {
  return at === 0 ? null : at - x.startedAt;
}
