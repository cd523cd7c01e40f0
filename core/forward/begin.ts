import type { Operation, WireFormat } from '@headgate/sdk';
import { Exchange, type Incoming } from '../exchange.js';
import { CHAT_FORMAT, clientApi } from '../http/client-api.js';
import type { IoThread } from '../io-thread.js';
import { proceed } from '../pipeline.js';
import { holdEnd } from '../relay/durable-sink.js';
import { Endpoint } from '../route/endpoint.js';
import { anyMeter } from './any-meter.js';
import { Forward } from './forward.js';
import type { ForwardPath } from './forward-path.js';
import { forwardStages } from './pipeline.js';
import { spokenAt } from './spoken-at.js';

/** Endpoints of what is only forwarded, by format and operation: as many as there are words for them. */
const endpoints = new WeakMap<IoThread, Map<string, Endpoint>>();

/** Runs a request that is only forwarded. */
export function beginForward(io: IoThread, path: ForwardPath, incoming: Incoming): Exchange {
  const x = new Exchange(io, endpointOf(io, path, incoming), incoming);
  x.forward = new Forward(path);
  io.inFlight++;
  if (io.gate.holds) holdEnd(x);
  proceed(x, forwardStages);
  return x;
}

function endpointOf(io: IoThread, path: ForwardPath, incoming: Incoming): Endpoint {
  const spoken = spokenAt(io, path);
  const id = spoken?.id ?? path.api ?? 'passthrough';
  const operation = spoken?.operation ?? path.operation;
  const name = `${id} ${operation}`;
  let known = endpoints.get(io);
  if (known === undefined) endpoints.set(io, (known = new Map()));
  let endpoint = known.get(name);
  if (endpoint === undefined) {
    endpoint = new Endpoint(path.base, formatOf(io, path, incoming, { id, operation, spoken }), []);
    known.set(name, endpoint);
  }
  return endpoint;
}

interface Known {
  readonly id: string;
  readonly operation: Operation;
  readonly spoken: WireFormat | null;
}

/** A format without codecs: errors in the words of the client's API, and usage where somebody can read it. */
function formatOf(
  io: IoThread,
  path: ForwardPath,
  incoming: Incoming,
  { id, operation, spoken }: Known,
): WireFormat {
  const api = path.api ?? clientApi(path.tail, incoming.headers);
  const chat = spoken ?? io.endpoints.speaking(CHAT_FORMAT[api]).format;
  const responses = io.endpoints.speaking('openai-responses').format;
  const { requestIdHeader, error } = chat;
  // The newer paths of OpenAI's API count as its Responses do, the older ones as its chats.
  const meters = [spoken === null && api === 'openai' ? responses.meter : undefined, chat.meter];
  const meter = anyMeter(meters.filter((one) => one !== undefined));
  const { fields = [], maxOutputTokens, serviceTier, user } = spoken ?? {};
  const { forwardedUnits, finishedBatch, finishedAnswer, batchResults } = chat;
  return {
    id,
    operation,
    requestIdHeader,
    error,
    meter,
    fields,
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(forwardedUnits !== undefined && { forwardedUnits }),
    ...(finishedBatch !== undefined && { finishedBatch }),
    ...(finishedAnswer !== undefined && { finishedAnswer }),
    ...(batchResults !== undefined && { batchResults }),
    ...(user !== undefined && { user }),
  };
}
