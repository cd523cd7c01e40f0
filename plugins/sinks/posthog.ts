import type { SettledDetail, SinkAnswer, SinkHost, SinkRow, SinkVerdict } from '@headgate/sdk';
import { chatOf } from './chat-content.js';
import { uuidOf } from './helicone.js';
import { jsonOf } from './json-answer.js';
import { costOf, withMetadata } from './record-json.js';
import { address, secret } from './setting.js';

/** PostHog's analytics of models, by its API for events: https://posthog.com/docs/api/capture. */
export const posthog: SinkRow = {
  id: 'posthog',
  title: 'PostHog',
  docs: 'https://posthog.com/docs/llm-analytics/installation/manual-capture',
  sends: 'http',
  settings: {
    api_key: secret('project token', 'POSTHOG_API_KEY'),
    host: address('address of its region', 'https://us.i.posthog.com', 'POSTHOG_HOST'),
  },
  batch: { records: 200 },
  open(values, host) {
    const url = `${values.text('host')}/batch/`;
    return {
      async send(details) {
        const body = JSON.stringify({ api_key: values.text('api_key'), batch: details.map(eventOf) });
        const headers = { 'content-type': 'application/json' };
        return judge(await host.post({ url, headers, body }), details.length, host);
      },
    };
  },
};

/** 200, and that the project may have no more events: they are dropped there. */
function judge(answer: SinkAnswer, records: number, host: SinkHost): SinkVerdict {
  const verdict = host.judge(answer);
  const limited = jsonOf(answer)['quota_limited'];
  if (verdict.kind !== 'taken' || !Array.isArray(limited) || !limited.some(isOurs)) return verdict;
  return { kind: 'taken', refused: records, why: 'it dropped them: the quota of events is used up' };
}

const isOurs = (resource: unknown): boolean => resource === 'events' || resource === 'llm_events';

const EVENTS: Readonly<Record<string, string>> = {
  tool: '$ai_span',
  run: '$ai_trace',
  embedding: '$ai_embedding',
};

function eventOf({ record, trace, timings, content }: SettledDetail): Record<string, unknown> {
  const person = record.customer || record.user;
  const chat = content === undefined ? undefined : chatOf(content);
  return {
    event: EVENTS[record.operation] ?? '$ai_generation',
    // Events with the same id are one.
    uuid: uuidOf(record.id),
    timestamp: new Date(record.time).toISOString(),
    properties: withMetadata(
      {
        distinct_id: person || record.keyId || 'headgate',
        ...(person === '' && { $process_person_profile: false }),
        $ai_trace_id: trace.traceId,
        $ai_span_id: trace.spanId,
        ...(trace.parentId !== null && { $ai_parent_id: trace.parentId }),
        ...(record.session !== '' && { $ai_session_id: record.session }),
        $ai_span_name: record.model || record.operation,
        $ai_model: record.targetModel || record.model,
        $ai_provider: record.provider,
        $ai_input: chat?.input,
        $ai_output_choices: chat?.output,
        $ai_input_tokens: record.usage?.inputTokens,
        $ai_output_tokens: record.usage?.outputTokens,
        $ai_cache_read_input_tokens: record.usage?.cacheReadTokens,
        $ai_reasoning_tokens: record.usage?.reasoningTokens,
        $ai_total_cost_usd: costOf(record.costNano) ?? undefined,
        $ai_latency: timings.totalUs / 1e6,
        $ai_stream: record.stream,
        $ai_time_to_first_token: timings.firstTokenUs === null ? undefined : timings.firstTokenUs / 1e6,
        $ai_http_status: record.status,
        $ai_is_error: record.outcome !== 'ok',
        $ai_error: record.outcome === 'ok' ? undefined : record.errorMessage || record.error,
        team: record.team,
        key: record.keyName,
        tags: record.tags,
      },
      record.metadata,
    ),
  };
}
