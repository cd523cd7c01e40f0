import type { CanonicalError, ErrorCodec, ErrorKind, JsonObject } from '@headgate/sdk';
import { kindOfStatus, messageOfText } from './error-kind.js';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';
import { namedEvent } from './sse-text.js';

/** `{ id, message }`, https://docs.cohere.com/reference/errors. */

/** Of a request or an answer with a token that the model's owner forbids. No other server has this status. */
const DENIED_TOKEN = 498;

function kindOf(status: number): ErrorKind {
  return status === DENIED_TOKEN ? 'content-filter' : kindOfStatus(status);
}

function messageOf(body: JsonObject): string | undefined {
  const { message } = body;
  if (typeof message === 'string' && message !== '') return message;
  // The proxies before it, and servers that speak Cohere's API, write OpenAI's shape or plain text.
  const { error } = body;
  const inner = isObject(error) ? error['message'] : error;
  return typeof inner === 'string' && inner !== '' ? inner : undefined;
}

/** An error from its JSON. `status` 200 stands for an error inside a stream. */
export function cohereErrorFrom(status: number, body: JsonObject): CanonicalError | undefined {
  const message = messageOf(body);
  if (message === undefined) return undefined;
  const real = status >= 400 ? status : 502;
  const kind = status >= 400 ? kindOf(status) : 'upstream';
  const said = kind === 'not-found' && message.includes('model') ? 'model_not_found' : 'upstream_error';
  return {
    kind,
    status: real === DENIED_TOKEN ? 400 : real,
    // Another gateway of this sort writes its code beside the message.
    code: typeof body['code'] === 'string' ? body['code'] : said,
    message,
  };
}

function decode(status: number, body: string): CanonicalError {
  const parsed = tryParse(body);
  const found = isObject(parsed) ? cohereErrorFrom(status, parsed) : undefined;
  return (
    found ?? {
      kind: kindOf(status),
      status: status === DENIED_TOKEN ? 400 : status,
      code: 'upstream_error',
      message: messageOfText(status, body),
    }
  );
}

/** `code` and `param` stand beside Cohere's own members, which its SDKs let through. */
function members(error: CanonicalError, requestId: string): JsonObject {
  const json: JsonObject = { id: requestId, message: error.message, code: error.code };
  if (error.param !== undefined) json['param'] = error.param;
  return json;
}

/** A stream says it with its last event, whose `error` is the message. */
function encodeInStream(error: CanonicalError, requestId: string): string {
  const { message, ...rest } = members(error, requestId);
  const event = { type: 'message-end', ...rest, delta: { finish_reason: 'ERROR', error: message } };
  return namedEvent('message-end', JSON.stringify(event));
}

export const cohereError = {
  decode,
  encode: (error, requestId) => JSON.stringify(members(error, requestId)),
  encodeInStream,
} satisfies ErrorCodec;
