import type { CanonicalError, ErrorKind } from './canonical/error.js';
import type { CanonicalResponse } from './canonical/response.js';
import type { HeaderList } from './headers.js';
import type { JsonValue } from './json.js';

/** An answer that a gate gives instead of a provider. */
export type Reply =
  /** Sent to the client in the shape of its own API, streamed if it asked for a stream. */
  | { type: 'answer'; response: CanonicalResponse; headers?: HeaderList }
  /** Sent in the error shape of the client's API. */
  | { type: 'error'; error: CanonicalError; headers?: HeaderList }
  /** Bytes as they are. */
  | { type: 'raw'; status: number; headers: HeaderList; body: string | Uint8Array };

const statusOf: Record<ErrorKind, number> = {
  'invalid-request': 400,
  authentication: 401,
  permission: 403,
  'not-found': 404,
  'too-large': 413,
  budget: 402,
  'rate-limit': 429,
  'content-filter': 400,
  timeout: 504,
  overloaded: 529,
  unavailable: 503,
  upstream: 502,
  internal: 500,
};

/** Builds replies; the usual way for a gate to answer. */
export const reply = {
  answer(response: CanonicalResponse, headers?: HeaderList): Reply {
    return { type: 'answer', response, ...(headers && { headers }) };
  },
  /** `reply.error('rate-limit', 'too_many_calls', 'Slow down')`: the status follows from the kind unless given. */
  error(
    kind: ErrorKind,
    code: string,
    message: string,
    more: { status?: number; param?: string; retryAfterMs?: number; headers?: HeaderList } = {},
  ): Reply {
    const { headers, status, ...rest } = more;
    return {
      type: 'error',
      error: { kind, code, message, status: status ?? statusOf[kind], ...rest },
      ...(headers && { headers }),
    };
  },
  json(status: number, value: JsonValue, headers: HeaderList = []): Reply {
    return {
      type: 'raw',
      status,
      headers: ['content-type', 'application/json', ...headers],
      body: JSON.stringify(value),
    };
  },
};
