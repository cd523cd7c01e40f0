import type { JsonObject, JsonValue, Usage } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';
import type { Status } from './types.js';
import { responsesUsage } from './usage.js';

/** What stays the same for all snapshots of one answer. */
export interface ResponseHead {
  id: string;
  /** Unix seconds. */
  created: number;
  model: string;
  /** The answer came from this format: `extra` holds what its provider said about the request. */
  same: boolean;
  extra: JsonObject | undefined;
  serviceTier: string | undefined;
  /** Settings of the request, where the gateway knows better than the provider what the client has asked for. */
  echo?: JsonObject | undefined;
}

/** Settings of the request that an answer repeats. Typed SDKs need these members; the hub's answers do not know them. */
const UNKNOWN_REQUEST: JsonObject = {
  instructions: null,
  max_output_tokens: null,
  metadata: {},
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: null, summary: null },
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  truncation: 'disabled',
};

/** The `response` object: an answer, or a snapshot of it in a stream. */
export function responseObject(
  head: ResponseHead,
  status: Status,
  output: JsonObject[],
  usage: Usage | null,
  error: JsonValue,
): JsonObject {
  const { usage: usageExtra, ...extra } = (head.same ? head.extra : undefined) ?? {};
  const json: JsonObject = {
    id: head.id,
    object: 'response',
    created_at: head.created,
    status: status.status,
    error,
    incomplete_details: status.reason === null ? null : { reason: status.reason },
    ...(head.same ? extra : UNKNOWN_REQUEST),
    ...head.echo,
    model: head.model,
    output,
  };
  if (head.same && head.serviceTier !== undefined) json['service_tier'] = head.serviceTier;
  const more = isObject(usageExtra) ? usageExtra : {};
  json['usage'] = usage === null ? null : { ...more, ...responsesUsage(usage) };
  return json;
}
