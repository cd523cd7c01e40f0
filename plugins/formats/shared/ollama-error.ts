import type { CanonicalError, ErrorCodec, JsonObject } from '@headgate/sdk';
import { kindOfStatus, messageOfText } from './error-kind.js';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';

/** `{ "error": "…" }`, in answers and as a line of a stream alike: https://docs.ollama.com/api/errors. */

function messageOf(error: JsonObject[string]): string | undefined {
  const text = isObject(error) ? error['message'] : error;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

/** An error from its JSON. `status` 200 stands for an error inside a stream, which some servers give its own status. */
export function ollamaErrorFrom(status: number, body: JsonObject): CanonicalError | undefined {
  if (body['error'] === undefined || body['error'] === null) return undefined;
  const told = body['status'];
  const real =
    status >= 400 ? status : typeof told === 'number' && told >= 400 && told < 600 ? Math.floor(told) : 502;
  const message = messageOf(body['error']) ?? 'The provider gave no message';
  const kind = real === status || typeof told === 'number' ? kindOfStatus(real) : 'upstream';
  const missing = kind === 'not-found' && message.includes('model');
  // Another gateway of this sort writes its code beside the message.
  const code = body['code'];
  if (typeof code === 'string') return { kind, status: real, code, message };
  return { kind, status: real, code: missing ? 'model_not_found' : 'upstream_error', message };
}

function decode(status: number, body: string): CanonicalError {
  const parsed = tryParse(body);
  const found = isObject(parsed) ? ollamaErrorFrom(status, parsed) : undefined;
  return (
    found ?? {
      kind: kindOfStatus(status),
      status,
      code: 'upstream_error',
      message: messageOfText(status, body),
    }
  );
}

/** `code`, `param` and `request_id` stand beside Ollama's only member, which its clients let through. */
function encode(error: CanonicalError, requestId: string): string {
  const json: JsonObject = { error: error.message, code: error.code };
  if (error.param !== undefined) json['param'] = error.param;
  json['request_id'] = requestId;
  return JSON.stringify(json);
}

export const ollamaError = {
  decode,
  encode,
  encodeInStream: (error, requestId) => `${encode(error, requestId)}\n`,
} satisfies ErrorCodec;
