import { type Answer, tokensOf } from './answer.js';
import type { Json } from './json-value.js';

/** `usage` of a response, details included. */
function responsesUsage(answer: Answer): Json {
  const tokens = tokensOf(answer);
  return {
    input_tokens: tokens.input,
    input_tokens_details: { cached_tokens: tokens.cacheRead },
    output_tokens: tokens.output,
    output_tokens_details: { reasoning_tokens: tokens.reasoning },
    total_tokens: tokens.input + tokens.output,
  };
}

/** The output items of an answer as they stand in the end: reasoning, message, calls. */
export function outputItems(answer: Answer, number: number): Json[] {
  const items: Json[] = [];
  if (answer.thinking !== undefined) {
    items.push({
      id: `rs_fake${number}`,
      type: 'reasoning',
      summary: [{ type: 'summary_text', text: answer.thinking }],
      ...(answer.signature === undefined ? {} : { encrypted_content: answer.signature }),
    });
  }
  const content: Json[] = [];
  if (answer.text !== undefined)
    content.push({ type: 'output_text', annotations: [], logprobs: [], text: answer.text });
  if (answer.refusal !== undefined) content.push({ type: 'refusal', refusal: answer.refusal });
  if (content.length > 0)
    items.push({
      id: `msg_fake${number}`,
      type: 'message',
      status: statusOf(answer),
      content,
      role: 'assistant',
    });
  for (const [index, call] of (answer.toolCalls ?? []).entries()) {
    items.push({
      id: `fc_fake${number}_${index}`,
      type: 'function_call',
      status: 'completed',
      arguments: call.arguments,
      call_id: call.id ?? `call_fake${index}`,
      name: call.name,
    });
  }
  return items;
}

/** `finish` is the reason of an incomplete answer. */
const statusOf = (answer: Answer): string => (answer.finish === undefined ? 'completed' : 'incomplete');

export const lastEvent = (answer: Answer): string => `response.${statusOf(answer)}`;

/** A `response`, which repeats the settings of its request. `running`: a snapshot from before the end. */
export function responseObject(request: Json, answer: Answer, number: number, running = false): Json {
  return {
    id: `resp_fake${number}`,
    object: 'response',
    created_at: 1_760_000_000 + number,
    status: running ? 'in_progress' : statusOf(answer),
    background: false,
    error: null,
    incomplete_details: running || answer.finish === undefined ? null : { reason: answer.finish },
    instructions: request['instructions'] ?? null,
    max_output_tokens: request['max_output_tokens'] ?? null,
    max_tool_calls: null,
    model: request['model'],
    output: running ? [] : outputItems(answer, number),
    parallel_tool_calls: request['parallel_tool_calls'] ?? true,
    previous_response_id: request['previous_response_id'] ?? null,
    prompt_cache_key: null,
    reasoning: request['reasoning'] ?? { effort: null, summary: null },
    safety_identifier: null,
    service_tier: running ? 'auto' : 'default',
    store: request['store'] ?? true,
    temperature: request['temperature'] ?? 1,
    text: request['text'] ?? { format: { type: 'text' }, verbosity: 'medium' },
    tool_choice: request['tool_choice'] ?? 'auto',
    tools: request['tools'] ?? [],
    top_logprobs: 0,
    top_p: request['top_p'] ?? 1,
    truncation: 'disabled',
    usage: running ? null : responsesUsage(answer),
    user: null,
    metadata: request['metadata'] ?? {},
  };
}
