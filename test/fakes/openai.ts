import type { Reply } from './delivery.js';
import { scripted } from './error-after.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { chatCompletion, chatEvents, DONE } from './openai-chat.js';
import { checkChat } from './openai-checks.js';
import { textCompletion, textCompletionEvents } from './openai-completions.js';
import { embeddings } from './openai-embeddings.js';
import { openaiError } from './openai-errors.js';
import { responseObject } from './openai-responses.js';
import { checkResponses } from './openai-responses-checks.js';
import { responseErrorEvent, responseEvents } from './openai-responses-events.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

interface OpenAiOptions {
  /** Refuse fields the API reference does not list, as the real one does. Off where a test sends made-up ones. */
  strict?: boolean;
  /** Models it has; any when absent. */
  models?: string[];
}

const usualHeaders = (number: number): Record<string, string> => ({
  'openai-organization': 'org-fake',
  'openai-processing-ms': '42',
  'openai-version': '2020-10-01',
  'x-request-id': `req_openai_${number}`,
  'x-ratelimit-limit-requests': '10000',
  'x-ratelimit-remaining-requests': '9999',
  'x-ratelimit-reset-requests': '6ms',
  'x-ratelimit-limit-tokens': '2000000',
  'x-ratelimit-remaining-tokens': '1999980',
  'x-ratelimit-reset-tokens': '1ms',
});

/** OpenAI as its API reference documents it: chat, responses, legacy completions, embeddings, models, errors. */
export function startOpenAi(options: OpenAiOptions = {}): Promise<FakeProvider> {
  return startProvider((request, behaviour, number) => respond(request, behaviour, number, options));
}

function respond(request: Received, behaviour: Behaviour, number: number, options: OpenAiOptions): Reply {
  const headers = { ...usualHeaders(number), 'content-type': 'application/json', ...behaviour.headers };
  const body = parseObject(request.body) ?? {};
  const failed = (status: number, more: Json): Reply => ({
    status,
    headers,
    body: JSON.stringify(openaiError(status, more, request.key, body['model']), null, 2),
  });
  if (behaviour.body !== undefined) return { status: behaviour.status ?? 200, headers, body: behaviour.body };
  if (behaviour.status !== undefined && behaviour.status >= 400)
    return failed(behaviour.status, behaviour.error ?? {});
  if (request.key === '') {
    return failed(401, { message: "You didn't provide an API key.", code: null });
  }
  try {
    return route(request, body, behaviour, number, headers, options);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return failed(error.status, { message: error.message, ...error.detail });
  }
}

function route(
  request: Received,
  body: Json,
  behaviour: Behaviour,
  number: number,
  headers: Record<string, string>,
  options: OpenAiOptions,
): Reply {
  const [path] = request.url.split('?');
  if (request.method === 'GET' && path === '/v1/models') {
    const ids = options.models ?? ['gpt-4o', 'gpt-4o-mini', 'text-embedding-3-small'];
    const data = ids.map((id) => ({ id, object: 'model', created: 1_715_367_049, owned_by: 'system' }));
    return { status: 200, headers, body: JSON.stringify({ object: 'list', data }) };
  }
  if (request.method !== 'POST')
    throw new Refused(404, `Invalid URL (${request.method} ${path})`, { code: null });
  if (parseObject(request.body) === null) {
    throw new Refused(400, 'We could not parse the JSON body of your request.', { param: null, code: null });
  }
  if (options.models !== undefined && !options.models.includes(String(body['model']))) {
    throw new Refused(
      404,
      `The model \`${String(body['model'])}\` does not exist or you do not have access to it.`,
      {
        param: null,
        code: 'model_not_found',
      },
    );
  }
  const answer = behaviour.answer ?? { text: 'Hello from the fake OpenAI.' };
  const error = openaiError(500, behaviour.error ?? {}, request.key, body['model']);
  const stream = (
    events: Iterable<string>,
    terminator = DONE,
    failure = `data: ${JSON.stringify(error)}\n\n`,
  ): Reply => ({
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream; charset=utf-8', ...behaviour.headers },
    body: {
      events: scripted(behaviour, events, failure),
      terminator: behaviour.errorAfterEvents === undefined ? terminator : '',
    },
  });
  const whole = (value: Json): Reply => ({ status: 200, headers, body: JSON.stringify(value, null, 2) });

  switch (path) {
    case '/v1/chat/completions':
      checkChat(body, options.strict === true);
      return body['stream'] === true
        ? stream(chatEvents(body, answer, number))
        : whole(chatCompletion(body, answer, number));
    case '/v1/responses':
      checkResponses(body, options.strict === true);
      return body['stream'] === true
        ? stream(responseEvents(body, answer, number), '', responseErrorEvent(error))
        : whole(responseObject(body, answer, number));
    case '/v1/completions':
      return body['stream'] === true
        ? stream(textCompletionEvents(body, answer, number))
        : whole(textCompletion(body, answer, number));
    case '/v1/embeddings':
      return whole(embeddings(body));
    default:
      throw new Refused(404, `Invalid URL (POST ${path})`, { code: null });
  }
}
