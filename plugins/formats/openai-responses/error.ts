import type { CanonicalError, ErrorCodec, ErrorKind, JsonObject } from '@headgate/sdk';
import { openaiError, openaiErrorFrom } from '../shared/openai-error.js';
import { tryParse } from '../shared/parse-json.js';
import { isObject } from '../shared/read-json.js';
import { namedEvent } from '../shared/sse-text.js';

/** Codes of an answer that failed under way (`response.failed`, `error`), with the status they would have had. */
const CODES: Record<string, { kind: ErrorKind; status: number }> = {
  invalid_prompt: { kind: 'invalid-request', status: 400 },
  context_length_exceeded: { kind: 'invalid-request', status: 400 },
  data_residency_mismatch: { kind: 'invalid-request', status: 400 },
  invalid_image: { kind: 'invalid-request', status: 400 },
  invalid_image_format: { kind: 'invalid-request', status: 400 },
  invalid_base64_image: { kind: 'invalid-request', status: 400 },
  invalid_image_url: { kind: 'invalid-request', status: 400 },
  invalid_image_mode: { kind: 'invalid-request', status: 400 },
  image_too_large: { kind: 'invalid-request', status: 400 },
  image_too_small: { kind: 'invalid-request', status: 400 },
  image_parse_error: { kind: 'invalid-request', status: 400 },
  image_file_too_large: { kind: 'invalid-request', status: 400 },
  image_file_not_found: { kind: 'invalid-request', status: 400 },
  unsupported_image_media_type: { kind: 'invalid-request', status: 400 },
  empty_image_file: { kind: 'invalid-request', status: 400 },
  failed_to_download_image: { kind: 'invalid-request', status: 400 },
  image_content_policy_violation: { kind: 'content-filter', status: 400 },
  bio_policy: { kind: 'content-filter', status: 400 },
  vector_store_timeout: { kind: 'timeout', status: 504 },
  server_is_overloaded: { kind: 'overloaded', status: 503 },
  slow_down: { kind: 'overloaded', status: 503 },
  // A type, as this gateway writes it.
  timeout_error: { kind: 'timeout', status: 504 },
};

function knownCode(code: string): { kind: ErrorKind; status: number } | undefined {
  return Object.hasOwn(CODES, code) ? CODES[code] : undefined;
}

/** An error inside an answer or a stream that itself had status 200: `{ code, message, param?, type? }`. */
export function responsesErrorFrom(inner: JsonObject): CanonicalError {
  const error: CanonicalError = openaiErrorFrom(200, { error: inner }) ?? {
    kind: 'upstream',
    status: 502,
    code: 'upstream_error',
    message: 'The provider gave no message',
  };
  const type = inner['type'];
  const known = knownCode(error.code) ?? (typeof type === 'string' ? knownCode(type) : undefined);
  return known === undefined ? error : { ...error, ...known };
}

/** The documented members stand flat in the event; OpenAI's servers, and its SDKs, know them under `error` too. */
export function errorEvent(error: CanonicalError, requestId: string, sequence: number): string {
  const whole = tryParse(openaiError.encode(error, requestId));
  const json: JsonObject = {
    type: 'error',
    code: error.code,
    message: error.message,
    param: error.param ?? null,
    sequence_number: sequence,
    error: (isObject(whole) ? whole['error'] : undefined) ?? null,
  };
  return namedEvent('error', JSON.stringify(json));
}

/** Answers have the error shape of the whole OpenAI family; streams an event of their own. */
export const openaiResponsesError = {
  decode: openaiError.decode,
  encode: openaiError.encode,
  encodeInStream: (error, requestId) => errorEvent(error, requestId, 0),
} satisfies ErrorCodec;
