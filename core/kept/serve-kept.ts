import type { JsonObject, StatefulFormat } from '@headgate/sdk';
import { answerHeaders } from '../answer-headers.js';
import { canonicalError, GatewayError, gatewayError } from '../errors.js';
import { Exchange, type Incoming } from '../exchange.js';
import { answerBytes } from '../fail.js';
import type { IoThread } from '../io-thread.js';
import { proceed, type Stage } from '../pipeline.js';
import { holdEnd } from '../relay/durable-sink.js';
import { Endpoint } from '../route/endpoint.js';
import { admit } from '../stages/admit.js';
import { identify } from '../stages/identify.js';
import { receive } from '../stages/receive.js';
import { storeTrouble } from './background.js';
import type { KeptAnswer } from './kept-answer.js';
import type { KeptPath } from './kept-path.js';
import { Replay } from './replay.js';

/** By the endpoint that answers are made at: the same API, but not a model that is asked. */
const endpoints = new WeakMap<Endpoint, Endpoint>();

/** Serves a path about a kept answer, as a request of its own: who asks is found out as ever, and it is settled. */
export function serveKept(io: IoThread, path: KeptPath, incoming: Incoming): Exchange {
  let endpoint = endpoints.get(path.endpoint);
  if (endpoint === undefined) {
    const format = { ...path.endpoint.format, operation: 'other' as const };
    endpoints.set(path.endpoint, (endpoint = new Endpoint(path.endpoint.path, format, [])));
  }
  const x = new Exchange(io, endpoint, incoming);
  io.inFlight++;
  if (io.gate.holds) holdEnd(x);
  const answer: Stage = () => respond(x, path, endpoint.format.state as StatefulFormat);
  proceed(x, [admit, identify, receive, answer]);
  return x;
}

const ALLOWED: Readonly<Record<KeptPath['action'], readonly string[]>> = {
  answer: ['GET', 'HEAD', 'DELETE'],
  cancel: ['POST'],
  input_items: ['GET', 'HEAD'],
};

async function respond(x: Exchange, { id, action }: KeptPath, state: StatefulFormat): Promise<void> {
  const { method, path } = x.incoming;
  const allowed = ALLOWED[action];
  if (!allowed.includes(method)) {
    x.addHeaders(['allow', allowed.join(', ')]);
    throw gatewayError('method_not_allowed', { method, path, allow: allowed[0] ?? '' });
  }
  const question = action === 'cancel' ? 'cancel' : method === 'DELETE' ? 'delete' : 'find';
  const ask = { do: question, ask: { id, keyId: x.principal?.id ?? '' } } as const;
  const row = (await x.io.control.kept(ask).catch((error) => {
    throw storeTrouble(x, error);
  })) as KeptAnswer | null;
  if (x.answered) return;
  if (row === null) throw gatewayError('response_not_found', { id });
  const query = new URLSearchParams(x.incoming.query);
  if (question === 'delete') send(x, state.deleted(id));
  else if (question === 'cancel') {
    if (!row.background) throw gatewayError('response_not_cancellable');
    send(x, answerOf(state, row.state === 'running' ? { ...row, state: 'cancelled' } : row));
  } else if (action === 'input_items') sendPage(x, state, row, query);
  else if (query.get('stream') === 'true') new Replay(x, state, row, afterOf(query)).begin();
  else send(x, answerOf(state, row));
}

/** The answer as it is now. */
export function answerOf(state: StatefulFormat, row: KeptAnswer): JsonObject {
  const answer = JSON.parse(row.answer) as JsonObject;
  switch (row.state) {
    case 'running':
      return state.running(answer);
    case 'cancelled':
      return state.cancelled(answer);
    case 'lost':
      return state.failed(answer, canonicalError('response_lost'));
    case 'done':
      return answer;
  }
}

function sendPage(x: Exchange, state: StatefulFormat, row: KeptAnswer, query: URLSearchParams): void {
  const page = state.page(JSON.parse(row.input) as JsonObject[], query);
  if (typeof page['problem'] !== 'string') {
    send(x, page as JsonObject);
    return;
  }
  const error = canonicalError('invalid_parameter', { why: page['problem'] });
  throw new GatewayError({ ...error, param: String(page['param']) });
}

function afterOf(query: URLSearchParams): number {
  const text = query.get('starting_after');
  if (text === null) return -1;
  if (!/^\d{1,9}$/.test(text))
    throw gatewayError('invalid_parameter', {
      why: "'starting_after' must be the sequence_number of an event",
    });
  return Number(text);
}

function send(x: Exchange, value: JsonObject): void {
  answerBytes(x, 200, answerHeaders(x, 'application/json', null), JSON.stringify(value));
}
