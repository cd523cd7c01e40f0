import type { WireFormat } from '@headgate/sdk';
import type { IoThread } from '../io-thread.js';
import { Endpoint } from '../route/endpoint.js';

type Operation = 'tool' | 'other';

const endpoints = new WeakMap<IoThread, Map<Operation, Endpoint>>();

/**
 * What calls of tools, and questions about them, are to plans, records and errors: a format of its own, whose errors look like
 * OpenAI's.
 */
export function toolEndpoint(io: IoThread, operation: Operation): Endpoint {
  let known = endpoints.get(io);
  if (known === undefined) endpoints.set(io, (known = new Map()));
  let endpoint = known.get(operation);
  if (endpoint === undefined) {
    const { error, requestIdHeader } = io.endpoints.speaking('openai-chat').format;
    const format: WireFormat = { id: 'mcp', operation, fields: [], requestIdHeader, error };
    known.set(operation, (endpoint = new Endpoint('/api/mcp/call', format, [])));
  }
  return endpoint;
}
