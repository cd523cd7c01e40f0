import {
  messagesOf,
  type SettledAttempt,
  type SettledContent,
  type SettledDetail,
  type SettledRecord,
  type SpanValue,
  type TimeSpan,
} from '@headgate/sdk';
import { operationName, providerName } from './conventions.js';
import { SPAN_KIND, type Span } from './span.js';

const NANO = 1e9;

/**
 * The spans of one settled request: the request itself, below it the parts of the gateway that took time, and each attempt. What a
 * model used stands at the attempt that answered, and there alone, so that a sum over spans counts it once. Calls of tools and
 * rounds of a run are requests of their own, in the trace of the run.
 */
export function spansOf(detail: SettledDetail): Span[] {
  const { record, attempts } = detail;
  const spans: Span[] = [requestSpan(detail)];
  for (const [index, name, span] of stepsOf(detail)) spans.push(stepSpan(detail, index, name, span));
  const answering = answeringAttempt(attempts);
  for (const attempt of attempts) spans.push(callSpan(detail, attempt, attempt === answering));
  if (record.cache.startsWith('hit')) {
    const { guard, totalUs } = detail.timings;
    spans.push(stepSpan(detail, 4, 'cache', guard ?? { fromUs: 0, toUs: totalUs }));
  }
  return spans;
}

/** The one whose answer the client has got, as far as it got any. */
function answeringAttempt(attempts: readonly SettledAttempt[]): SettledAttempt | undefined {
  const last = attempts.at(-1);
  return last !== undefined && last.record.status !== 0 ? last : undefined;
}

function requestSpan(detail: SettledDetail): Span {
  const { record, trace, timings } = detail;
  const startUs = record.time * 1000;
  const inner = record.id.includes('.');
  const attributes: SpanValue[] = [
    'headgate.request.id',
    record.id,
    'headgate.operation',
    record.operation,
    'headgate.model',
    record.model,
    'headgate.stream',
    record.stream,
    'headgate.overhead_us',
    timings.overheadUs,
  ];
  const add = (name: string, value: SpanValue): void => {
    if (value !== '' && value !== undefined) attributes.push(name, value);
  };
  if (record.operation === 'tool' || record.operation === 'run')
    add('gen_ai.operation.name', operationName(record.operation, record.format));
  if (record.operation === 'tool') add('gen_ai.tool.name', record.targetModel);
  if (record.status !== 0) add('http.response.status_code', record.status);
  add('error.type', record.error);
  add('gen_ai.conversation.id', record.session);
  add('user.id', record.user);
  add('headgate.customer', record.customer);
  add('headgate.key.id', record.keyId);
  add('headgate.key.name', record.keyName);
  add('headgate.org', record.org);
  add('headgate.team', record.team);
  add('headgate.project', record.project);
  add('headgate.cache', record.cache);
  if (record.tags.length > 0) add('headgate.tags', record.tags);
  for (const name in record.metadata) add(`headgate.metadata.${name}`, record.metadata[name]);
  if (record.plugins.length > 0) add('headgate.plugins', record.plugins);
  if (record.costNano !== null) add('headgate.cost_usd', record.costNano / NANO);
  if (timings.firstTokenUs !== null) add('headgate.first_token_us', timings.firstTokenUs);
  if (record.passedOver.length > 0)
    add(
      'headgate.passed_over',
      record.passedOver.map(({ provider, model, why }) => `${provider}/${model} ${why}`),
    );
  if (record.attempts.length > 1) add('headgate.attempts', record.attempts.length);
  return {
    traceId: trace.traceId,
    spanId: trace.spanId,
    parentId: trace.parentId,
    name: nameOf(record),
    kind: inner ? SPAN_KIND.internal : SPAN_KIND.server,
    role: 'request',
    startUs,
    endUs: startUs + timings.totalUs,
    attributes,
    error: errorOf(record),
  };
}

/** `chat support`, `execute_tool search`: an operation and what of. */
function nameOf(record: SettledRecord): string {
  const of = record.operation === 'tool' ? record.targetModel || record.model : record.model;
  const operation = operationName(record.operation, record.format);
  return of === '' ? operation : `${operation} ${of}`;
}

function errorOf({ outcome, error, errorMessage }: SettledRecord): string | null {
  if (outcome === 'ok') return null;
  return errorMessage || error || 'the client left before the answer was whole';
}

function stepsOf({ timings }: SettledDetail): (readonly [number, string, TimeSpan])[] {
  const steps: [number, string, TimeSpan][] = [];
  const { queue, guard, route } = timings;
  if (queue !== null && queue.toUs > queue.fromUs) steps.push([1, 'receive', queue]);
  if (guard !== null) steps.push([2, 'guards', guard]);
  if (route !== null) steps.push([3, 'route', route]);
  return steps;
}

/** @param index of the step, 1 to 15: its span id is that of the request with another last digit */
function stepSpan({ record, trace }: SettledDetail, index: number, name: string, span: TimeSpan): Span {
  const startUs = record.time * 1000;
  const last = Number.parseInt(trace.spanId[15] as string, 16) ^ index;
  return {
    traceId: trace.traceId,
    spanId: `${trace.spanId.slice(0, 15)}${last.toString(16)}`,
    parentId: trace.spanId,
    name,
    kind: SPAN_KIND.internal,
    role: 'step',
    startUs: startUs + span.fromUs,
    endUs: startUs + span.toUs,
    attributes: name === 'cache' ? ['headgate.cache', record.cache] : [],
    error: null,
  };
}

function callSpan(detail: SettledDetail, attempt: SettledAttempt, answered: boolean): Span {
  const { record, trace } = detail;
  const { provider, model, status, error, key } = attempt.record;
  const startUs = record.time * 1000;
  const isTool = record.operation === 'tool';
  const operation = isTool ? 'tools/call' : operationName(record.operation, record.format);
  const attributes: SpanValue[] = isTool
    ? ['mcp.method.name', 'tools/call', 'gen_ai.tool.name', model, 'headgate.server', provider]
    : [
        'gen_ai.operation.name',
        operation,
        'gen_ai.provider.name',
        providerName(provider),
        'gen_ai.request.model',
        model,
        'headgate.provider',
        provider,
      ];
  const add = (name: string, value: SpanValue): void => {
    if (value !== '' && value !== undefined) attributes.push(name, value);
  };
  if (status !== 0) add('http.response.status_code', status);
  if (error !== null) add('error.type', error);
  add('headgate.provider_key', key);
  if (attempt.connectedUs !== null) add('headgate.connected_us', attempt.connectedUs - attempt.startUs);
  if (answered) addAnswer(detail, attempt, add);
  return {
    traceId: trace.traceId,
    spanId: attempt.spanId,
    parentId: trace.spanId,
    name: model === '' ? operation : `${operation} ${model}`,
    kind: SPAN_KIND.client,
    role: 'call',
    startUs: startUs + attempt.startUs,
    endUs: startUs + Math.max(attempt.startUs, attempt.endUs),
    attributes,
    error: error ?? (answered ? errorOf(record) : null),
  };
}

/** As the conventions have it, where attributes hold JSON: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/. */
function addContent(content: SettledContent, add: (name: string, value: SpanValue) => void): void {
  const { input, output } = messagesOf(content);
  if (input.length > 0) add('gen_ai.input.messages', JSON.stringify(input));
  if (output.length > 0) add('gen_ai.output.messages', JSON.stringify(output));
}

function addAnswer(
  detail: SettledDetail,
  attempt: SettledAttempt,
  add: (name: string, value: SpanValue) => void,
): void {
  const { record, timings, content } = detail;
  const { usage } = record;
  if (content !== undefined) addContent(content, add);
  add('gen_ai.conversation.id', record.session);
  add('gen_ai.request.stream', record.stream || undefined);
  if (record.operation !== 'tool' && attempt.record.error === null)
    add('gen_ai.response.model', record.targetModel);
  add('gen_ai.response.id', record.answerId);
  if (record.finish !== '') add('gen_ai.response.finish_reasons', [record.finish]);
  if (timings.firstTokenUs !== null && timings.firstTokenUs >= attempt.startUs)
    add('gen_ai.response.time_to_first_chunk', (timings.firstTokenUs - attempt.startUs) / 1e6);
  if (record.tools.length > 0) add('headgate.tools', record.tools);
  if (record.costNano !== null) add('gen_ai.usage.cost', record.costNano / NANO);
  if (usage === null) return;
  add('gen_ai.usage.input_tokens', usage.inputTokens);
  add('gen_ai.usage.output_tokens', usage.outputTokens);
  if (usage.cacheReadTokens > 0) add('gen_ai.usage.cache_read.input_tokens', usage.cacheReadTokens);
  const written = usage.cacheWriteTokens + usage.cacheWriteLongTokens;
  if (written > 0) add('gen_ai.usage.cache_creation.input_tokens', written);
  if (usage.reasoningTokens > 0) add('gen_ai.usage.reasoning.output_tokens', usage.reasoningTokens);
}
