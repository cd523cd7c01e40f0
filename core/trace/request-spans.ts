import {
  messagesOf,
  type SettledAttempt,
  type SettledContent,
  type SettledDetail,
  type SettledRecord,
} from '@headgate/sdk';
import { TOOL_FAILED } from '../mcp/tool-failed.js';
import { CONVENTIONAL, OWN } from './attribute-names.js';
import { operationName, providerName } from './conventions.js';
import { endSpan, given, type More } from './end-span.js';
import { SPAN_KIND, type SpanTarget } from './span-target.js';
import { writeSteps } from './step-spans.js';

const NANO = 1e9;

/**
 * The spans of one settled request: the request itself, below it the parts of the gateway that took time, the hooks of plugins in
 * them, and each attempt. What a model used stands at the attempt that answered, and there alone, so that a sum over spans counts it
 * once. Calls of tools and rounds of a run are requests of their own, in the trace of the run.
 */
export function writeSpans(detail: SettledDetail, to: SpanTarget, more: More): void {
  const { attempts } = detail;
  writeRequest(detail, to, more);
  writeSteps(detail, to, more);
  const answering = answeringAttempt(attempts);
  for (const attempt of attempts) writeCall(detail, attempt, attempt === answering, to, more);
}

/** The one whose answer the client has got, as far as it got any. */
function answeringAttempt(attempts: readonly SettledAttempt[]): SettledAttempt | undefined {
  const last = attempts.at(-1);
  return last !== undefined && last.record.status !== 0 ? last : undefined;
}

function writeRequest(detail: SettledDetail, to: SpanTarget, more: More): void {
  const { record, trace, timings } = detail;
  const { operation, status, costNano } = record;
  const startUs = record.time * 1000;
  to.begin({
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentId: trace.parentId,
    name: nameOf(record),
    kind: record.id.includes('.') ? SPAN_KIND.internal : SPAN_KIND.server,
    startUs,
    endUs: startUs + timings.totalUs,
  });
  to.text(OWN.requestId, record.id);
  to.text(OWN.operation, operation);
  to.text(OWN.model, record.model);
  to.flag(OWN.stream, record.stream);
  to.number(OWN.overheadUs, timings.overheadUs);
  if (operation === 'tool' || operation === 'run')
    to.text(CONVENTIONAL.operation, operationName(operation, record.format));
  if (operation === 'tool') given(to, CONVENTIONAL.tool, record.targetModel);
  if (status !== 0) to.number(CONVENTIONAL.status, status);
  given(to, CONVENTIONAL.error, record.error || (hasFailed(record) ? TOOL_FAILED : ''));
  given(to, CONVENTIONAL.conversation, record.session);
  given(to, CONVENTIONAL.user, record.user);
  given(to, OWN.customer, record.customer);
  given(to, OWN.keyId, record.keyId);
  given(to, OWN.keyName, record.keyName);
  given(to, OWN.org, record.org);
  given(to, OWN.team, record.team);
  given(to, OWN.project, record.project);
  given(to, OWN.cache, record.cache);
  if (record.tags.length > 0) to.texts(OWN.tags, record.tags);
  for (const name in record.metadata) to.other(`headgate.metadata.${name}`, record.metadata[name] as string);
  if (record.plugins.length > 0) to.texts(OWN.plugins, record.plugins);
  if (costNano !== null) to.number(OWN.costUsd, costNano / NANO);
  if (timings.firstTokenUs !== null) to.number(OWN.firstTokenUs, timings.firstTokenUs);
  if (record.passedOver.length > 0) to.texts(OWN.passedOver, record.passedOver.map(passed));
  if (record.attempts.length > 1) to.number(OWN.attempts, record.attempts.length);
  endSpan(detail, 'request', errorOf(record), to, more);
}

const passed = ({ provider, model, why }: SettledRecord['passedOver'][number]): string =>
  `${provider}/${model} ${why}`;

/** `chat support`, `execute_tool search`: an operation and what of. */
function nameOf(record: SettledRecord): string {
  const of = record.operation === 'tool' ? record.targetModel || record.model : record.model;
  const operation = operationName(record.operation, record.format);
  return of === '' ? operation : `${operation} ${of}`;
}

function errorOf(record: SettledRecord): string | null {
  const { outcome, error, errorMessage } = record;
  if (hasFailed(record)) return 'the tool says that it has failed';
  if (outcome === 'ok') return null;
  return errorMessage || error || 'the client left before the answer was whole';
}

/** It was called, and its result says that it is an error. */
function hasFailed({ operation, outcome, finish }: SettledRecord): boolean {
  return operation === 'tool' && outcome === 'ok' && finish === TOOL_FAILED;
}

function writeCall(
  detail: SettledDetail,
  attempt: SettledAttempt,
  answered: boolean,
  to: SpanTarget,
  more: More,
): void {
  const { record, trace } = detail;
  const { provider, model, status, error, key } = attempt.record;
  const startUs = record.time * 1000;
  const isTool = record.operation === 'tool';
  const operation = isTool ? 'tools/call' : operationName(record.operation, record.format);
  to.begin({
    traceId: trace.traceId,
    spanId: attempt.spanId,
    parentId: trace.spanId,
    name: model === '' ? operation : `${operation} ${model}`,
    kind: SPAN_KIND.client,
    startUs: startUs + attempt.startUs,
    endUs: startUs + Math.max(attempt.startUs, attempt.endUs),
  });
  if (isTool) {
    to.text(CONVENTIONAL.mcpMethod, 'tools/call');
    to.text(CONVENTIONAL.tool, model);
    to.text(OWN.server, provider);
  } else {
    to.text(CONVENTIONAL.operation, operation);
    to.text(CONVENTIONAL.provider, providerName(provider));
    to.text(CONVENTIONAL.requestModel, model);
    to.text(OWN.provider, provider);
  }
  if (status !== 0) to.number(CONVENTIONAL.status, status);
  given(to, CONVENTIONAL.error, error ?? (answered && hasFailed(record) ? TOOL_FAILED : ''));
  given(to, OWN.providerKey, key);
  if (attempt.connectedUs !== null) to.number(OWN.connectedUs, attempt.connectedUs - attempt.startUs);
  if (answered) writeAnswer(detail, attempt, to);
  endSpan(detail, 'call', error ?? (answered ? errorOf(record) : null), to, more);
}

function writeAnswer(
  { record, timings, content }: SettledDetail,
  attempt: SettledAttempt,
  to: SpanTarget,
): void {
  const { usage, costNano } = record;
  if (content !== undefined) writeContent(content, to);
  given(to, CONVENTIONAL.conversation, record.session);
  if (record.stream) to.flag(CONVENTIONAL.requestStream, true);
  if (record.operation !== 'tool' && attempt.record.error === null)
    given(to, CONVENTIONAL.responseModel, record.targetModel);
  given(to, CONVENTIONAL.responseId, record.answerId);
  if (record.finish !== '' && record.operation !== 'tool')
    to.texts(CONVENTIONAL.finishReasons, [record.finish]);
  if (timings.firstTokenUs !== null && timings.firstTokenUs >= attempt.startUs)
    to.number(CONVENTIONAL.timeToFirstChunk, (timings.firstTokenUs - attempt.startUs) / 1e6);
  if (record.tools.length > 0) to.texts(OWN.tools, record.tools);
  if (costNano !== null) to.number(CONVENTIONAL.cost, costNano / NANO);
  if (usage === null) return;
  to.number(CONVENTIONAL.inputTokens, usage.inputTokens);
  to.number(CONVENTIONAL.outputTokens, usage.outputTokens);
  if (usage.cacheReadTokens > 0) to.number(CONVENTIONAL.cacheReadTokens, usage.cacheReadTokens);
  const written = usage.cacheWriteTokens + usage.cacheWriteLongTokens;
  if (written > 0) to.number(CONVENTIONAL.cacheCreationTokens, written);
  if (usage.reasoningTokens > 0) to.number(CONVENTIONAL.reasoningTokens, usage.reasoningTokens);
}

/** As the conventions have it, where attributes hold JSON: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. */
function writeContent(content: SettledContent, to: SpanTarget): void {
  const { input, output } = messagesOf(content);
  if (input.length > 0) to.text(CONVENTIONAL.inputMessages, JSON.stringify(input));
  if (output.length > 0) to.text(CONVENTIONAL.outputMessages, JSON.stringify(output));
}
