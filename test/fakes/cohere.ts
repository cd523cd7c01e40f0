import { COHERE_DONE, chatAnswer, chatAnswerEvents, cohereErrorEvent } from './cohere-chat.js';
import { checkCohere } from './cohere-checks.js';
import type { Reply } from './delivery.js';
import { scripted } from './error-after.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

const words: Record<number, string> = {
  400: 'invalid request: list of messages must not be empty',
  401: 'invalid api token',
  403: 'your account is not allowed to use this model',
  404: "model 'command-unknown' not found, make sure the correct model ID was used and that you have access to the model.",
  422: "unknown field: parameter 'x' is not a valid field",
  429: "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'.",
  498: 'blocked output: the generated text contains a token that is not allowed',
  500: 'internal server error',
  503: 'the service is temporarily unavailable',
};

const usualHeaders = (number: number): Record<string, string> => ({
  'cache-control': 'no-cache, no-store, no-transform, must-revalidate, private, max-age=0',
  'x-debug-trace-id': `c0here${String(number).padStart(26, '0')}`,
  'x-trial-endpoint-call-limit': '20',
  'x-trial-endpoint-call-remaining': '19',
});

/** Cohere as the reference of its v2 API documents it: chat, and its errors. */
export function startCohere(): Promise<FakeProvider> {
  return startProvider(respond);
}

function respond(request: Received, behaviour: Behaviour, number: number): Reply {
  const headers = { ...usualHeaders(number), 'content-type': 'application/json', ...behaviour.headers };
  const failed = (status: number, more: Json): Reply => {
    const id = `e11${number}`;
    return { status, headers, body: JSON.stringify({ id, message: words[status] ?? words[500], ...more }) };
  };
  if (behaviour.body !== undefined) return { status: behaviour.status ?? 200, headers, body: behaviour.body };
  if (behaviour.status !== undefined && behaviour.status >= 400)
    return failed(behaviour.status, behaviour.error ?? {});
  if (request.key === '') return failed(401, { message: 'no api key supplied' });
  try {
    return route(request, behaviour, number, headers);
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
): Reply {
  const [path] = request.url.split('?');
  if (request.method !== 'POST' || path !== '/v2/chat')
    throw new Refused(404, `no route matches ${request.method} ${path}`);
  const body = parseObject(request.body);
  if (body === null) throw new Refused(400, 'invalid json syntax: the body is no JSON object');
  checkCohere(body);
  const answer = behaviour.answer ?? { text: 'Hello from the fake Cohere.' };
  if (body['stream'] !== true)
    return { status: 200, headers, body: JSON.stringify(chatAnswer(answer, number)) };
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream', ...behaviour.headers },
    body: {
      events: scripted(behaviour, chatAnswerEvents(answer, number), cohereErrorEvent(behaviour.error ?? {})),
      terminator: behaviour.errorAfterEvents === undefined ? COHERE_DONE : '',
    },
  };
}
