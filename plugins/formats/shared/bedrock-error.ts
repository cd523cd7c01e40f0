import type { CanonicalError, ErrorCodec, ErrorKind, JsonObject } from '@headgate/sdk';
import { kindOfStatus, messageOfText } from './error-kind.js';
import { exceptionMessage } from './eventstream-write.js';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';

/**
 * `{ message }` with the type in the header `x-amzn-errortype`, which no codec sees, or in `__type` beside it. In
 * streams an exception is a message of its own kind.
 */

interface Known {
  kind: ErrorKind;
  status: number;
}

/** AWS's types by their names without `Exception`, in lower case, with the status that each has. */
const KINDS: Record<string, Known> = {
  accessdenied: { kind: 'permission', status: 403 },
  unrecognizedclient: { kind: 'authentication', status: 403 },
  invalidclienttokenid: { kind: 'authentication', status: 403 },
  invalidsignature: { kind: 'authentication', status: 403 },
  signaturedoesnotmatch: { kind: 'authentication', status: 403 },
  incompletesignature: { kind: 'authentication', status: 403 },
  missingauthenticationtoken: { kind: 'authentication', status: 403 },
  expiredtoken: { kind: 'authentication', status: 403 },
  validation: { kind: 'invalid-request', status: 400 },
  conflict: { kind: 'invalid-request', status: 400 },
  resourcenotfound: { kind: 'not-found', status: 404 },
  unknownoperation: { kind: 'not-found', status: 404 },
  requestentitytoolarge: { kind: 'too-large', status: 413 },
  servicequotaexceeded: { kind: 'rate-limit', status: 400 },
  throttling: { kind: 'rate-limit', status: 429 },
  toomanyrequests: { kind: 'rate-limit', status: 429 },
  modelnotready: { kind: 'overloaded', status: 429 },
  modeltimeout: { kind: 'timeout', status: 408 },
  modelerror: { kind: 'upstream', status: 424 },
  modelstreamerror: { kind: 'upstream', status: 424 },
  internalserver: { kind: 'upstream', status: 500 },
  internalfailure: { kind: 'upstream', status: 500 },
  serviceunavailable: { kind: 'overloaded', status: 503 },
};

/** What the types are written as for a client; those that its SDK knows, where there is one. */
const TYPES: Record<ErrorKind, string> = {
  'invalid-request': 'ValidationException',
  authentication: 'UnrecognizedClientException',
  permission: 'AccessDeniedException',
  'not-found': 'ResourceNotFoundException',
  'too-large': 'RequestEntityTooLargeException',
  budget: 'ServiceQuotaExceededException',
  'rate-limit': 'ThrottlingException',
  'content-filter': 'ValidationException',
  timeout: 'ModelTimeoutException',
  overloaded: 'ServiceUnavailableException',
  unavailable: 'ServiceUnavailableException',
  upstream: 'ModelErrorException',
  internal: 'InternalServerException',
};

/** A stream knows five exceptions only. */
const STREAM_TYPES: Partial<Record<ErrorKind, string>> = {
  'invalid-request': 'validationException',
  authentication: 'validationException',
  permission: 'validationException',
  'not-found': 'validationException',
  'too-large': 'validationException',
  'content-filter': 'validationException',
  budget: 'throttlingException',
  'rate-limit': 'throttlingException',
  timeout: 'modelStreamErrorException',
  upstream: 'modelStreamErrorException',
  overloaded: 'serviceUnavailableException',
  unavailable: 'serviceUnavailableException',
};

/** Messages of AWS's front door, which names no type in the body. */
const NOT_AUTHENTICATED = /security token|signature|authentication token|bearer token|api key|credential/i;

/** What the reader of event streams puts before the type of an exception. */
const PREFIX = 'exception:';

/** The type of the exception that a stream's event is; undefined for any other event. */
export function exceptionOf(event: string): string | undefined {
  if (event.startsWith(PREFIX)) return event.slice(PREFIX.length);
  return event.endsWith('Exception') ? event : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `com.amazon.coral.service#ThrottlingException` and `ThrottlingException:http://…` are a ThrottlingException. */
function bareType(type: string): string {
  return type.slice(type.lastIndexOf('#') + 1).split(':', 1)[0] as string;
}

function knownType(type: string | undefined): Known | undefined {
  const name = type?.replace(/(Exception|Error)$/, '').toLowerCase() ?? '';
  return Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
}

function kindOf(status: number, message: string | undefined): ErrorKind {
  if (status === 424) return 'upstream';
  const kind = kindOfStatus(status);
  return kind === 'permission' && message !== undefined && NOT_AUTHENTICATED.test(message)
    ? 'authentication'
    : kind;
}

/** An error from its JSON. `status` 200 stands for an error inside a stream, `exception` is its type there. */
export function bedrockErrorFrom(status: number, body: JsonObject, exception?: string): CanonicalError {
  const type = exception ?? text(body['__type']) ?? text(body['code']) ?? text(body['Code']);
  const name = type === undefined ? undefined : bareType(type);
  const known = knownType(name);
  const message = text(body['message']) ?? text(body['Message']) ?? text(body['originalMessage']);
  const real = status >= 400 ? status : (known?.status ?? 502);
  const error: CanonicalError = {
    kind: known?.kind ?? kindOf(real, message),
    status: real,
    code: text(body['errorCode']) ?? name ?? 'upstream_error',
    message: message ?? messageOfText(real, ''),
  };
  const param = text(body['param']);
  if (param !== undefined) error.param = param;
  return error;
}

function decode(status: number, body: string): CanonicalError {
  const parsed = tryParse(body);
  if (isObject(parsed) && Object.keys(parsed).length > 0) return bedrockErrorFrom(status, parsed);
  return {
    kind: kindOf(status, undefined),
    status,
    code: 'upstream_error',
    message: messageOfText(status, body),
  };
}

/** AWS's SDKs take a member `code` for the type, so the gateway's own code is called `errorCode`. */
function members(error: CanonicalError, requestId: string): JsonObject {
  const json: JsonObject = { message: error.message, errorCode: error.code, requestId };
  if (error.param !== undefined) json['param'] = error.param;
  return json;
}

export const bedrockError = {
  decode,
  encode: (error: CanonicalError, requestId: string): string =>
    JSON.stringify({ __type: TYPES[error.kind], ...members(error, requestId) }),
  encodeInStream: (error: CanonicalError, requestId: string): Buffer =>
    exceptionMessage(
      STREAM_TYPES[error.kind] ?? 'internalServerException',
      JSON.stringify(members(error, requestId)),
    ),
} satisfies ErrorCodec;
