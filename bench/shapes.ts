/**
 * The fixed bytes of the benchmark: what the client asks, and what the fake upstream answers, in OpenAI's chat and
 * Anthropic's messages shapes as both document them. Everything is built once, so that answering costs next to nothing.
 */

/** The key the fake upstream wants: a gateway puts it in place of the client's. */
export const UPSTREAM_KEY = 'sk-bench';

/** Models by what the upstream speaks: a stream of the first ones is paced, one of the second ones comes at once. */
export const PACED_MODELS = { same: 'gpt-4o', translated: 'claude-sonnet-4-5' };
export const BURST_MODELS = { same: 'gpt-4o-mini', translated: 'claude-haiku-4-5' };

/** Content events of a stream whose events come one by one, and the time between two of them. */
export const PACED_EVENTS = 50;
export const PACED_GAP_MS = 20;
/** Content events of a stream that arrives all together. */
export const BURST_EVENTS = 40;

const TEXT =
  'The gateway reads the request, finds the key, checks its limits, picks a target, and sends the same bytes on. ';

/** A chat request of about 1 KB. `mini` in the model's name asks the upstream for a burst instead of a paced stream. */
export function chatRequest(model: string, stream: boolean): Buffer {
  const body = {
    model,
    messages: [
      { role: 'system', content: 'You are a helpful assistant. Answer in short sentences.' },
      { role: 'user', content: TEXT.repeat(7).trim() },
    ],
    temperature: 0.7,
    max_tokens: 256,
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
  return Buffer.from(JSON.stringify(body));
}

const id = 'chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012';
const created = 1_760_000_000;
const openaiUsage = {
  prompt_tokens: 187,
  completion_tokens: 121,
  total_tokens: 308,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0 },
};

/** A whole OpenAI answer of about 1 KB. */
export function openaiAnswer(): Buffer {
  return Buffer.from(
    JSON.stringify({
      id,
      object: 'chat.completion',
      created,
      model: 'gpt-4o-2024-08-06',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: TEXT.repeat(4).trim(), refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: openaiUsage,
      service_tier: 'default',
      system_fingerprint: 'fp_0123456789',
    }),
  );
}

/** The events of an OpenAI stream: `count` with content, then the closing ones in one piece. */
export function openaiEvents(count: number, withUsage: boolean): Buffer[] {
  const chunk = (choices: unknown[], usage?: unknown) => {
    const shared = { id, object: 'chat.completion.chunk', created, model: 'gpt-4o-2024-08-06' };
    const rest = { service_tier: 'default', system_fingerprint: 'fp_0123456789', choices };
    return `data: ${JSON.stringify({ ...shared, ...rest, ...(withUsage ? { usage: usage ?? null } : {}) })}\n\n`;
  };
  const events: string[] = [];
  for (let index = 0; index < count; index++) {
    const delta =
      index === 0 ? { role: 'assistant', content: '', refusal: null } : { content: ` word${index}` };
    events.push(chunk([{ index: 0, delta, logprobs: null, finish_reason: null }]));
  }
  const finish = chunk([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
  events.push(`${finish}${withUsage ? chunk([], openaiUsage) : ''}data: [DONE]\n\n`);
  return events.map((event) => Buffer.from(event));
}

const message = {
  id: 'msg_01AbCdEfGhIjKlMnOpQrStUv',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-5-20250929',
  stop_sequence: null,
};

/** A whole Anthropic answer. */
export function anthropicAnswer(): Buffer {
  return Buffer.from(
    JSON.stringify({
      ...message,
      content: [{ type: 'text', text: TEXT.repeat(4).trim() }],
      stop_reason: 'end_turn',
      usage: {
        input_tokens: 187,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        output_tokens: 121,
        service_tier: 'standard',
      },
    }),
  );
}

/** The events of an Anthropic stream: `count` text deltas, the opening ones with the first, the closing ones in one piece. */
export function anthropicEvents(count: number): Buffer[] {
  const event = (data: { type: string; [field: string]: unknown }) =>
    `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
  const opening =
    event({
      type: 'message_start',
      message: { ...message, content: [], stop_reason: null, usage: { input_tokens: 187, output_tokens: 1 } },
    }) +
    event({
      type: 'content_block_start',
      index: 0,
      content_block: { type: 'text', text: '' },
    });
  const events: string[] = [];
  for (let index = 0; index < count; index++) {
    const delta = { type: 'text_delta', text: ` word${index}` };
    const text = event({ type: 'content_block_delta', index: 0, delta });
    events.push(index === 0 ? opening + text : text);
  }
  const stop = { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null } };
  events.push(
    event({ type: 'content_block_stop', index: 0 }) +
      event({ ...stop, usage: { output_tokens: 121 } }) +
      event({ type: 'message_stop' }),
  );
  return events.map((bytes) => Buffer.from(bytes));
}
