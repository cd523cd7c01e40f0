import type { CanonicalError, ErrorCodec, ErrorKind, JsonObject, JsonValue } from '@headgate/sdk';
import { kindOfStatus, messageOfText } from './error-kind.js';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';
import { dataEvent } from './sse-text.js';

/** `{ error: { code, message, status, details } }`, https://cloud.google.com/apis/design/errors. */

const WORDS: Record<ErrorKind, string> = {
  'invalid-request': 'INVALID_ARGUMENT',
  authentication: 'UNAUTHENTICATED',
  permission: 'PERMISSION_DENIED',
  'not-found': 'NOT_FOUND',
  'too-large': 'INVALID_ARGUMENT',
  budget: 'RESOURCE_EXHAUSTED',
  'rate-limit': 'RESOURCE_EXHAUSTED',
  'content-filter': 'INVALID_ARGUMENT',
  timeout: 'DEADLINE_EXCEEDED',
  overloaded: 'UNAVAILABLE',
  unavailable: 'UNAVAILABLE',
  upstream: 'INTERNAL',
  internal: 'INTERNAL',
};

/** Google's status words with the HTTP status that each has, for errors inside a stream. */
const STATUSES: Record<string, number> = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  OUT_OF_RANGE: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ABORTED: 409,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
  CANCELLED: 499,
  INTERNAL: 500,
  UNKNOWN: 500,
  DATA_LOSS: 500,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};
/** Words and reasons that say more than the status of the answer. */
const KINDS: Record<string, ErrorKind> = {
  UNAUTHENTICATED: 'authentication',
  PERMISSION_DENIED: 'permission',
  NOT_FOUND: 'not-found',
  RESOURCE_EXHAUSTED: 'rate-limit',
  DEADLINE_EXCEEDED: 'timeout',
  CANCELLED: 'upstream',
  API_KEY_INVALID: 'authentication',
  API_KEY_EXPIRED: 'authentication',
  ACCESS_TOKEN_EXPIRED: 'authentication',
};

const TYPE = 'type.googleapis.com/google.rpc.';

function detailOf(details: JsonValue | undefined, name: string): JsonObject | undefined {
  if (!Array.isArray(details)) return undefined;
  for (const detail of details) if (isObject(detail) && detail['@type'] === TYPE + name) return detail;
  return undefined;
}

/** `34.07s` of a `RetryInfo` in milliseconds, rounded up. */
function retryAfter(details: JsonValue | undefined): number | undefined {
  const delay = detailOf(details, 'RetryInfo')?.['retryDelay'];
  const seconds = typeof delay === 'string' ? /^(\d{1,9}(?:\.\d+)?)s$/.exec(delay)?.[1] : undefined;
  return seconds === undefined ? undefined : Math.ceil(Number(seconds) * 1000);
}

function fieldAtFault(details: JsonValue | undefined): string | undefined {
  const violations = detailOf(details, 'BadRequest')?.['fieldViolations'];
  const first = Array.isArray(violations) ? violations[0] : undefined;
  const field = isObject(first) ? first['field'] : undefined;
  return typeof field === 'string' && field !== '' ? field : undefined;
}

function own(table: Record<string, ErrorKind>, key: string | undefined): ErrorKind | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** An error from its JSON. `status` 200 stands for an error inside a stream. */
export function geminiErrorFrom(status: number, body: JsonObject): CanonicalError | undefined {
  const inner = body['error'];
  if (typeof inner === 'string') {
    // Google's token servers: `{ error, error_description }`.
    const text = body['error_description'];
    const real = status >= 400 ? status : 502;
    return {
      kind: kindOfStatus(real),
      status: real,
      code: inner,
      message: typeof text === 'string' ? text : inner,
    };
  }
  if (!isObject(inner)) return undefined;
  const word = typeof inner['status'] === 'string' && inner['status'] !== '' ? inner['status'] : undefined;
  const coded = inner['code'];
  const code = typeof coded === 'number' && coded >= 400 && coded < 600 ? coded : undefined;
  const named = word !== undefined && Object.hasOwn(STATUSES, word) ? STATUSES[word] : undefined;
  const real = status >= 400 ? status : (code ?? named ?? 502);
  const { details } = inner;
  const reason = detailOf(details, 'ErrorInfo')?.['reason'];
  const said = typeof reason === 'string' && reason !== '' ? reason : undefined;
  const error: CanonicalError = {
    kind: own(KINDS, said) ?? own(KINDS, word) ?? kindOfStatus(real),
    status: real,
    code: said ?? word ?? 'upstream_error',
    message: typeof inner['message'] === 'string' ? inner['message'] : messageOfText(real, ''),
  };
  const param = fieldAtFault(details);
  if (param !== undefined) error.param = param;
  const delay = retryAfter(details);
  if (delay !== undefined) error.retryAfterMs = delay;
  return error;
}

function decode(status: number, body: string): CanonicalError {
  const parsed = tryParse(body);
  // A stream without `alt=sse` fails as an array of one.
  const object = Array.isArray(parsed) ? parsed[0] : parsed;
  const found = isObject(object) ? geminiErrorFrom(status, object) : undefined;
  return (
    found ?? {
      kind: kindOfStatus(status),
      status,
      code: 'upstream_error',
      message: messageOfText(status, body),
    }
  );
}

/** Google's word. A mere failure of the provider has that of its status: a 503 must not be called an internal error. */
function wordOf({ kind, status }: CanonicalError): string {
  const usual = WORDS[kindOfStatus(status)];
  return kind === 'upstream' && STATUSES[usual] === status ? usual : WORDS[kind];
}

/** The stable code and the request id go where Google puts a reason. SDKs read the numeric `code`. */
function encode(error: CanonicalError, requestId: string): string {
  const details: JsonObject[] = [
    { '@type': `${TYPE}ErrorInfo`, reason: error.code, domain: 'headgate', metadata: { requestId } },
  ];
  if (error.param !== undefined)
    details.push({
      '@type': `${TYPE}BadRequest`,
      fieldViolations: [{ field: error.param, description: error.message }],
    });
  if (error.retryAfterMs !== undefined)
    details.push({ '@type': `${TYPE}RetryInfo`, retryDelay: `${error.retryAfterMs / 1000}s` });
  return JSON.stringify({
    error: { code: error.status, message: error.message, status: wordOf(error), details },
  });
}

export const geminiError = {
  decode,
  encode,
  encodeInStream: (error, requestId) => dataEvent(encode(error, requestId)),
} satisfies ErrorCodec;
