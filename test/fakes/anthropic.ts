import { checkMessages } from './anthropic-checks.js';
import { anthropicError, anthropicErrorEvent } from './anthropic-errors.js';
import { MESSAGE_STOP, message, messageEvents } from './anthropic-messages.js';
import type { Reply } from './delivery.js';
import { scripted } from './error-after.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

interface AnthropicOptions {
  /** Refuse fields the API reference does not list, as the real one does. Off where a test sends made-up ones. */
  strict?: boolean;
  /** Models it has; any when absent. */
  models?: string[];
}

const usualHeaders = (number: number): Record<string, string> => ({
  'request-id': `req_anthropic_${number}`,
  'anthropic-organization-id': '00000000-fake-0000-0000-000000000000',
  'anthropic-ratelimit-requests-limit': '4000',
  'anthropic-ratelimit-requests-remaining': '3999',
  'anthropic-ratelimit-requests-reset': '2030-01-01T00:00:00Z',
  'anthropic-ratelimit-input-tokens-limit': '400000',
  'anthropic-ratelimit-input-tokens-remaining': '400000',
  'anthropic-ratelimit-input-tokens-reset': '2030-01-01T00:00:00Z',
  'anthropic-ratelimit-output-tokens-limit': '80000',
  'anthropic-ratelimit-output-tokens-remaining': '80000',
  'anthropic-ratelimit-output-tokens-reset': '2030-01-01T00:00:00Z',
});

/** Anthropic as its API reference documents it: messages, token counting, models, errors. */
export function startAnthropic(options: AnthropicOptions = {}): Promise<FakeProvider> {
  return startProvider((request, behaviour, number) => respond(request, behaviour, number, options));
}

function respond(request: Received, behaviour: Behaviour, number: number, options: AnthropicOptions): Reply {
  const headers: Record<string, string> = {
    ...usualHeaders(number),
    'content-type': 'application/json',
    ...behaviour.headers,
  };
  const failed = (status: number, more: Json): Reply => ({
    status,
    headers,
    body: JSON.stringify(anthropicError(status, more, headers['request-id'] ?? '')),
  });
  if (behaviour.body !== undefined) return { status: behaviour.status ?? 200, headers, body: behaviour.body };
  if (behaviour.status !== undefined && behaviour.status >= 400)
    return failed(behaviour.status, behaviour.error ?? {});
  if (request.key === '') return failed(401, { message: 'x-api-key header is required' });
  try {
    return route(request, behaviour, number, headers, options);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failed(error.status, { message: error.message });
  }
}

function route(
  request: Received,
  behaviour: Behaviour,
  number: number,
  headers: Record<string, string>,
  options: AnthropicOptions,
): Reply {
  if (request.headers['anthropic-version'] === undefined)
    throw new Refused(400, 'anthropic-version: header is required');
  const [path] = request.url.split('?');
  const whole = (value: Json): Reply => ({ status: 200, headers, body: JSON.stringify(value) });
  if (request.method === 'GET' && path === '/v1/models') {
    const ids = options.models ?? ['claude-sonnet-4-5', 'claude-haiku-4-5'];
    const data = ids.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: '2025-09-29T00:00:00Z',
    }));
    return whole({ data, has_more: false, first_id: ids[0], last_id: ids.at(-1) });
  }
  const body = parseObject(request.body);
  if (request.method !== 'POST' || (path !== '/v1/messages' && path !== '/v1/messages/count_tokens')) {
    throw new Refused(404, 'Not Found');
  }
  if (body === null) throw new Refused(400, 'The request body is not valid JSON');
  if (options.models !== undefined && !options.models.includes(String(body['model']))) {
    throw new Refused(404, `model: ${String(body['model'])}`);
  }
  if (path === '/v1/messages/count_tokens') {
    checkMessages(body, 'count', options.strict === true);
    return whole({ input_tokens: Math.ceil(JSON.stringify(body['messages']).length / 4) });
  }
  checkMessages(body, 'messages', options.strict === true);
  const answer = behaviour.answer ?? { text: 'Hello from the fake Anthropic.' };
  if (body['stream'] !== true) return whole(message(body, answer, number));
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', ...behaviour.headers },
    body: {
      events: scripted(
        behaviour,
        messageEvents(body, answer, number),
        anthropicErrorEvent(behaviour.error ?? {}),
      ),
      terminator: behaviour.errorAfterEvents === undefined ? MESSAGE_STOP : '',
    },
  };
}
