import type { CanonicalError, ErrorCodec, ErrorKind, JsonObject } from '@headgate/sdk';
import { kindOfStatus, messageOfText } from './error-kind.js';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';
import { dataEvent } from './sse-text.js';

/** The error shape of every API of the OpenAI family: `{ error: { message, type, param, code } }`. */

const TYPES: Record<ErrorKind, string> = {
  'invalid-request': 'invalid_request_error',
  authentication: 'authentication_error',
  permission: 'permission_error',
  'not-found': 'invalid_request_error',
  'too-large': 'invalid_request_error',
  budget: 'insufficient_quota',
  'rate-limit': 'rate_limit_error',
  'content-filter': 'invalid_request_error',
  timeout: 'timeout_error',
  overloaded: 'overloaded_error',
  unavailable: 'server_error',
  upstream: 'server_error',
  internal: 'server_error',
};

/** Codes and types that say more than the status, as OpenAI, Azure, Groq, DeepSeek and OpenRouter write them. */
const KINDS: Record<string, ErrorKind> = {
  content_filter: 'content-filter',
  content_policy_violation: 'content-filter',
  model_not_found: 'not-found',
  DeploymentNotFound: 'not-found',
  invalid_api_key: 'authentication',
  authentication_error: 'authentication',
  permission_error: 'permission',
  rate_limit_exceeded: 'rate-limit',
  rate_limit_error: 'rate-limit',
  insufficient_quota: 'rate-limit',
  request_too_large: 'too-large',
  server_overloaded: 'overloaded',
  overloaded_error: 'overloaded',
  timeout: 'timeout',
};

/** Statuses for errors that arrive in a stream whose own status was 200. */
const STATUSES: Partial<Record<ErrorKind, number>> = {
  'content-filter': 400,
  'not-found': 404,
  authentication: 401,
  permission: 403,
  'rate-limit': 429,
  'too-large': 413,
  overloaded: 503,
  timeout: 504,
};

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}

/** FastAPI servers explain a wrong request under `detail`, as text or as a list. */
function detailOf(detail: JsonObject[string]): string | undefined {
  if (Array.isArray(detail)) {
    const first = detail[0];
    return isObject(first) ? textOf(first['msg']) : textOf(first);
  }
  return textOf(detail);
}

/**
 * An error from its JSON, however the server spelled it. `status` 200 stands for an error inside a stream; its real
 * status is then the numeric `code` some gateways write, or follows from the kind.
 */
export function openaiErrorFrom(status: number, body: JsonObject): CanonicalError | undefined {
  const inner = isObject(body['error']) ? body['error'] : body;
  const message =
    textOf(inner['message']) ?? textOf(body['error']) ?? textOf(body['message']) ?? detailOf(body['detail']);
  const code = textOf(inner['code']);
  const type = textOf(inner['type']);
  if (message === undefined && code === undefined && type === undefined) return undefined;
  const coded = Number(code);
  const known = KINDS[code ?? ''] ?? KINDS[type ?? ''];
  const real = status >= 400 ? status : coded >= 400 && coded < 600 ? coded : undefined;
  const kind = known ?? (real === undefined ? 'upstream' : kindOfStatus(real));
  const error: CanonicalError = {
    kind,
    status: real ?? STATUSES[kind] ?? 502,
    code: code !== undefined && Number.isNaN(coded) ? code : (type ?? 'upstream_error'),
    message: message ?? 'The provider gave no message',
  };
  const param = textOf(inner['param']);
  if (param !== undefined) error.param = param;
  return error;
}

function decode(status: number, body: string): CanonicalError {
  const parsed = tryParse(body);
  // Google's OpenAI-compatible endpoint wraps its error in a list.
  const object = Array.isArray(parsed) ? parsed[0] : parsed;
  const found = isObject(object) ? openaiErrorFrom(status, object) : undefined;
  return (
    found ?? {
      kind: kindOfStatus(status),
      status,
      code: 'upstream_error',
      message: messageOfText(status, body),
    }
  );
}

function encode(error: CanonicalError, requestId: string): string {
  return JSON.stringify({
    error: {
      message: error.message,
      type: TYPES[error.kind],
      param: error.param ?? null,
      code: error.code,
      request_id: requestId,
    },
  });
}

export const openaiError = {
  decode,
  encode,
  encodeInStream: (error, requestId) => dataEvent(encode(error, requestId)),
} satisfies ErrorCodec;
