import type { JsonObject, JsonValue, UpstreamRequest } from '@headgate/sdk';
import { type Answer, Refusal } from './answer.js';
import { anthropicCountTokens } from './anthropic-count-tokens.js';
import {
  anthropicError,
  anthropicErrorBody,
  anthropicHeaders,
  anthropicRequestId,
} from './anthropic-errors.js';
import { anthropicMessages } from './anthropic-messages.js';
import { isObject, textOf } from './fields.js';
import { Ids } from './ids.js';
import { openaiChat } from './openai-chat.js';
import { openaiCompletions } from './openai-completions.js';
import { openaiEmbeddings } from './openai-embeddings.js';
import { openaiError, openaiErrorBody, openaiHeaders } from './openai-errors.js';
import type { Scene } from './scene.js';
import { ACTS, scriptOf } from './script.js';

interface Endpoint {
  /** The end of the path; whatever stands before it is the base URL. */
  path: string;
  family: 'openai' | 'anthropic';
  answer(scene: Scene): Answer;
}

const endpoints: readonly Endpoint[] = [
  { path: '/chat/completions', family: 'openai', answer: openaiChat },
  { path: '/completions', family: 'openai', answer: openaiCompletions },
  { path: '/embeddings', family: 'openai', answer: openaiEmbeddings },
  { path: '/messages', family: 'anthropic', answer: anthropicMessages },
  { path: '/messages/count_tokens', family: 'anthropic', answer: anthropicCountTokens },
];

const models = [...ACTS, 'slow', 'stall', 'cut', 'error-429'];

/** Answers one request as the API whose path it names would; a request it cannot understand too. */
export function respond(request: UpstreamRequest, seed: string): Answer {
  const path = request.path.split('?', 1)[0] as string;
  const ids = new Ids(`${seed}:${request.path}`);
  const endpoint = endpoints.find((known) => path.endsWith(known.path));
  if (!endpoint)
    return request.method === 'GET' && path.endsWith('/models') ? modelList(ids) : unknownPath(request, ids);
  if (request.method !== 'POST')
    return failure(endpoint, 405, ids, 0, `Not allowed to ${request.method} on ${path} (HINT: POST)`);

  let body: JsonValue;
  try {
    body = JSON.parse(request.body?.toString('utf8') ?? '') as JsonValue;
  } catch {
    return failure(endpoint, 400, ids, 0, 'We could not parse the JSON body of your request.');
  }
  if (!isObject(body))
    return failure(endpoint, 400, ids, 0, 'The JSON body of your request is not an object.');
  const model = body['model'];
  if (typeof model !== 'string' || model === '')
    return failure(
      endpoint,
      400,
      ids,
      0,
      endpoint.family === 'openai' ? 'you must provide a model parameter' : 'model: Field required',
    );

  const script = scriptOf(model, lastUserText(body));
  if (script.error > 0) return failure(endpoint, script.error, ids, script.delayMs);
  try {
    return endpoint.answer({ body, model, script, ids, created: Math.floor(Date.now() / 1000) });
  } catch (error) {
    // JSON can be read deeper than it can be written.
    if (error instanceof RangeError)
      return failure(endpoint, 400, ids, 0, 'The JSON body of your request is nested too deeply.');
    if (!(error instanceof Refusal)) throw error;
    return failure(endpoint, error.status, ids, script.delayMs, error.message, error.param, error.code);
  }
}

/** An error in the endpoint's own shape: with its documented words for that status, or with the given message. */
function failure(
  endpoint: Endpoint,
  status: number,
  ids: Ids,
  delayMs: number,
  message?: string,
  param: string | null = null,
  code: string | null = null,
): Answer {
  const type = ['content-type', 'application/json'];
  if (endpoint.family === 'openai') {
    const body = message
      ? openaiErrorBody(message, 'invalid_request_error', param, code)
      : openaiError(status);
    return { status, headers: [...type, ...openaiHeaders(ids, status)], delayMs, steps: [body] };
  }
  const id = anthropicRequestId(ids);
  const body = message ? anthropicErrorBody(status, message, id) : anthropicError(status, id);
  return { status, headers: [...type, ...anthropicHeaders(id, status)], delayMs, steps: [body] };
}

function lastUserText(body: JsonObject): string {
  const messages = Array.isArray(body['messages']) ? body['messages'] : [];
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (isObject(message) && message['role'] === 'user') return textOf(message['content']);
  }
  return typeof body['prompt'] === 'string' ? body['prompt'] : '';
}

function modelList(ids: Ids): Answer {
  const data = models.map((id) => ({ id, object: 'model', created: 1735689600, owned_by: 'headgate' }));
  const body = JSON.stringify({ object: 'list', data });
  return {
    status: 200,
    headers: ['content-type', 'application/json', ...openaiHeaders(ids, 200)],
    delayMs: 0,
    steps: [body],
  };
}

function unknownPath(request: UpstreamRequest, ids: Ids): Answer {
  const message = `Invalid URL (${request.method} ${request.path})`;
  const body = openaiErrorBody(message, 'invalid_request_error', null, null);
  return {
    status: 404,
    headers: ['content-type', 'application/json', ...openaiHeaders(ids, 404)],
    delayMs: 0,
    steps: [body],
  };
}
