import type { CanonicalError, ErrorCodec, ErrorKind, JsonObject } from '@headgate/sdk';
import { kindOfStatus, messageOfText } from '../shared/error-kind.js';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { namedEvent } from '../shared/sse-text.js';

/** `{ type: 'error', error: { type, message }, request_id }`, in answers and in streams alike. */

const TYPES: Record<ErrorKind, string> = {
  'invalid-request': 'invalid_request_error',
  authentication: 'authentication_error',
  permission: 'permission_error',
  'not-found': 'not_found_error',
  'too-large': 'request_too_large',
  budget: 'billing_error',
  'rate-limit': 'rate_limit_error',
  'content-filter': 'invalid_request_error',
  timeout: 'timeout_error',
  overloaded: 'overloaded_error',
  unavailable: 'api_error',
  upstream: 'api_error',
  internal: 'api_error',
};

/** Anthropic's types, with the status that each has where an error comes in the middle of a stream. */
const KINDS: Record<string, { kind: ErrorKind; status: number }> = {
  invalid_request_error: { kind: 'invalid-request', status: 400 },
  authentication_error: { kind: 'authentication', status: 401 },
  billing_error: { kind: 'permission', status: 402 },
  permission_error: { kind: 'permission', status: 403 },
  not_found_error: { kind: 'not-found', status: 404 },
  request_too_large: { kind: 'too-large', status: 413 },
  rate_limit_error: { kind: 'rate-limit', status: 429 },
  api_error: { kind: 'upstream', status: 500 },
  timeout_error: { kind: 'timeout', status: 504 },
  overloaded_error: { kind: 'overloaded', status: 529 },
};

/** An error from its JSON. `status` 200 stands for an error inside a stream. */
export function anthropicErrorFrom(status: number, body: JsonObject): CanonicalError | undefined {
  const inner = body['error'];
  if (!isObject(inner)) return undefined;
  const type = typeof inner['type'] === 'string' ? inner['type'] : 'upstream_error';
  const known = KINDS[type];
  const real = status >= 400 ? status : (known?.status ?? 502);
  const error: CanonicalError = {
    kind: known?.kind ?? kindOfStatus(real),
    status: real,
    code: typeof inner['code'] === 'string' ? inner['code'] : type,
    message: typeof inner['message'] === 'string' ? inner['message'] : messageOfText(real, ''),
  };
  if (typeof inner['param'] === 'string') error.param = inner['param'];
  return error;
}

function decode(status: number, body: string): CanonicalError {
  const parsed = tryParse(body);
  const found = isObject(parsed) ? anthropicErrorFrom(status, parsed) : undefined;
  return (
    found ?? {
      kind: kindOfStatus(status),
      status,
      code: 'upstream_error',
      message: messageOfText(status, body),
    }
  );
}

/** `code` and `param` stand beside Anthropic's own members, which every SDK of theirs lets through. */
function encode(error: CanonicalError, requestId: string): string {
  const type = error.status === 402 ? 'billing_error' : TYPES[error.kind];
  const inner: JsonObject = { type, message: error.message, code: error.code };
  if (error.param !== undefined) inner['param'] = error.param;
  return JSON.stringify({ type: 'error', error: inner, request_id: requestId });
}

export const anthropicError = {
  decode,
  encode,
  encodeInStream: (error, requestId) => namedEvent('error', encode(error, requestId)),
} satisfies ErrorCodec;
