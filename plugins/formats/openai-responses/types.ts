import type { FinishReason, JsonObject } from '@headgate/sdk';

/** Wire format id of `POST /v1/responses`. */
export const OPENAI_RESPONSES = 'openai-responses';

/** Members of `include` that the gateway itself asks for. */
export const LOGPROBS = 'message.output_text.logprobs';
export const ENCRYPTED_REASONING = 'reasoning.encrypted_content';

/** Top-level request members that the hub has a name for; all others travel in `extra`, state and caching included. */
export const REQUEST_KEYS: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'text',
  'reasoning',
  'temperature',
  'top_p',
  'top_logprobs',
  'max_output_tokens',
  'stream',
  'user',
  'metadata',
  'service_tier',
]);

/** Members of an answer that the hub has a name for; all others (the request's own settings) travel in `extra`. */
export const RESPONSE_KEYS: ReadonlySet<string> = new Set([
  'id',
  'object',
  'created_at',
  'status',
  'error',
  'incomplete_details',
  'model',
  'output',
  'usage',
  'service_tier',
]);

/**
 * What the `extra` bag of a part or message says for a target of this format. Items and parts have a bag of their own
 * below it, so that no member of theirs can be taken for one of these.
 */
export interface Marks {
  /** Members of the item that begins here: `id`, `status`, `phase`, … */
  item?: JsonObject;
  /** Members of the content part. */
  part?: JsonObject;
  /** The content was a string, not a list. */
  string?: true;
  /** The type as it was written where another one is usual; `custom` for the output of a custom tool. */
  type?: string;
  /** `cache_control` where the cache mark was not a `prompt_cache_breakpoint`. */
  cache?: string;
  /** The text of reasoning came as `content`, not as `summary`. */
  kind?: 'content';
  /** An opaque part that stands in the content of a message; others are items. */
  content?: true;
  /** `file_data` came without the head of a data URL. */
  bare?: true;
  /** The message is the request's `instructions`. */
  instructions?: true;
  /** The message is an `input` that was a string. */
  input?: true;
  /** Who made encrypted reasoning. */
  format?: string;
}

export function marksOf(bearer: { extra?: JsonObject }): Marks {
  return (bearer.extra ?? {}) as Marks;
}

/** Sets one mark, and makes the bag where there is none. */
export function mark<K extends keyof Marks>(bearer: { extra?: JsonObject }, key: K, value: Marks[K]): void {
  bearer.extra = { ...bearer.extra, [key]: value };
}

/** `status` of an answer, and `incomplete_details.reason` where it is incomplete. */
export interface Status {
  status: string;
  reason: string | null;
}

const REASONS: Record<string, FinishReason> = {
  max_output_tokens: 'length',
  max_tokens: 'length',
  content_filter: 'content-filter',
};
const STATUSES = new Set(['completed', 'failed', 'in_progress', 'cancelled', 'queued']);

/**
 * Why an answer ended, null while it has not. `called`: it holds a tool call, which this API does not tell apart. The
 * raw word is the reason of an incomplete answer, else its status.
 */
export function finishOf(status: Status, called: boolean): { finish: FinishReason | null; raw: string } {
  switch (status.status) {
    case 'completed':
      return { finish: called ? 'tool-calls' : 'stop', raw: 'completed' };
    case 'in_progress':
    case 'queued':
      return { finish: null, raw: status.status };
    case 'incomplete': {
      const { reason } = status;
      const known = reason !== null && Object.hasOwn(REASONS, reason);
      return { finish: known ? (REASONS[reason] as FinishReason) : 'other', raw: reason ?? 'incomplete' };
    }
  }
  return { finish: 'other', raw: status.status };
}

/** `sameFormat`: the answer came from this format, so that the provider's own word is repeated. */
export function statusOf(reason: FinishReason | null, raw: string | undefined, sameFormat: boolean): Status {
  if (sameFormat && raw !== undefined) {
    if (STATUSES.has(raw)) return { status: raw, reason: null };
    return { status: 'incomplete', reason: raw === 'incomplete' ? null : raw };
  }
  if (reason === 'length') return { status: 'incomplete', reason: 'max_output_tokens' };
  // What this API calls a refusal is a part of an answer that is complete; one that was stopped is not.
  if (reason === 'content-filter' || reason === 'refusal')
    return { status: 'incomplete', reason: 'content_filter' };
  return { status: 'completed', reason: null };
}
