import { type JsonObject, MalformedBody, type TaskRequest } from '@headgate/sdk';
import { GatewayError, gatewayError } from './errors.js';
import type { Exchange } from './exchange.js';

/** The request in the hub, decoded on first use: by the decode stage, or by an attempt at a target of another format. */
export function canonicalOf(x: Exchange): NonNullable<Exchange['canonical']> {
  if (x.canonical !== null) return x.canonical;
  const codec = x.endpoint.format.request;
  if (codec === undefined) {
    throw gatewayError('operation_unsupported', { model: x.model, operation: x.endpoint.format.operation });
  }
  return (x.canonical = understood(() => {
    const request = codec.decode(parsedBody(x));
    if (x.endpoint.format.modelIn === 'path') {
      request.model = x.model;
      request.stream = x.stream;
    }
    return request;
  }));
}

/** The same for a request that is no chat. Null when its format has no codec for such. */
export function taskOf(x: Exchange): TaskRequest | null {
  if (x.task !== null) return x.task;
  const codec = x.endpoint.format.task;
  if (codec === undefined) return null;
  return (x.task = understood(() => {
    const request = codec.decodeRequest(parsedBody(x));
    if (x.endpoint.format.modelIn === 'path') request.model = x.model;
    return request;
  }));
}

/** What is wrong with a body is the client's to hear. */
export function understood<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw error instanceof MalformedBody ? unreadable(error) : error;
  }
}

/** What the client hears of a body that cannot be understood. */
export function unreadable({ message, param }: MalformedBody): GatewayError {
  const { canonical } = gatewayError('invalid_field', { why: message });
  return new GatewayError(param === undefined ? canonical : { ...canonical, param });
}

/** The body as JSON, parsed on first use. */
export function parsedBody(x: Exchange): JsonObject {
  if (x.parsed !== null) return x.parsed;
  try {
    return (x.parsed = JSON.parse(x.incoming.body.bytes.toString('utf8')) as JsonObject);
  } catch (error) {
    throw gatewayError('invalid_json', {
      why: error instanceof Error ? error.message : 'it cannot be parsed',
    });
  }
}
