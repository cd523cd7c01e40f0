import type { Reply } from './delivery.js';
import { type Json, parseObject, Refused } from './json-value.js';
import { openaiError } from './openai-errors.js';
import { responseObject } from './openai-responses.js';
import { responseEvents } from './openai-responses-events.js';
import { type Behaviour, type FakeProvider, startProvider } from './provider.js';
import type { Received } from './received.js';

/**
 * OpenAI's Responses with their state, as the API reference documents it. Each API key is an account of its own, which
 * knows nothing of the others' responses. `name` becomes part of all ids.
 */
export function startStatefulOpenAi(name: string): Promise<FakeProvider> {
  const accounts = new Map<string, Map<string, Json>>();
  return startProvider((request, behaviour, number) => {
    const headers = {
      'content-type': 'application/json',
      'x-request-id': `req_${name}_${number}`,
      ...behaviour.headers,
    };
    const failed = (status: number, more: Json): Reply => ({
      status,
      headers,
      body: JSON.stringify(openaiError(status, more, request.key, 'gpt-4o')),
    });
    if (behaviour.status !== undefined) return failed(behaviour.status, behaviour.error ?? {});
    const account = accounts.get(request.key) ?? new Map<string, Json>();
    accounts.set(request.key, account);
    try {
      return respond(request, behaviour, account, { id: `resp_${name}${number}aBcD`, number, headers });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return failed(error.status, { message: error.message, ...error.detail });
    }
  });
}

interface Made {
  id: string;
  number: number;
  headers: Record<string, string>;
}

function respond(request: Received, behaviour: Behaviour, account: Map<string, Json>, made: Made): Reply {
  const [path = ''] = request.url.split('?');
  const [, , what, id, more] = path.split('/');
  if (what !== 'responses') throw new Refused(404, `Invalid URL (${request.method} ${path})`);
  const whole = (value: Json): Reply => ({ status: 200, headers: made.headers, body: JSON.stringify(value) });
  if (id === undefined) return create(parseObject(request.body) ?? {}, behaviour, account, made);
  const found = account.get(id);
  if (found === undefined) throw new Refused(404, `Response with id '${id}' not found.`);
  if (more === 'input_items') return whole({ object: 'list', data: [], has_more: false });
  if (more === 'cancel') return whole({ ...found, status: 'cancelled' });
  if (request.method !== 'DELETE') return whole(found);
  account.delete(id);
  return whole({ id, object: 'response', deleted: true });
}

function create(body: Json, behaviour: Behaviour, account: Map<string, Json>, made: Made): Reply {
  const { id, number, headers } = made;
  const previous = body['previous_response_id'];
  if (typeof previous === 'string' && !account.has(previous))
    throw new Refused(400, `Previous response with id '${previous}' not found.`, {
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    });
  const answer = behaviour.answer ?? { text: 'Hello from the fake OpenAI.' };
  const response = { ...responseObject(body, answer, number), id };
  if (body['store'] !== false) account.set(id, response);
  if (body['background'] === true)
    return {
      status: 200,
      headers,
      body: JSON.stringify({ ...response, status: 'queued', output: [], usage: null }),
    };
  if (body['stream'] !== true) return { status: 200, headers, body: JSON.stringify(response) };
  const events = [...responseEvents(body, answer, number)].map((text) =>
    text.replaceAll(`"id":"resp_fake${number}"`, `"id":"${id}"`),
  );
  return {
    status: 200,
    headers: { ...headers, 'content-type': 'text/event-stream' },
    body: { events, terminator: '' },
  };
}
