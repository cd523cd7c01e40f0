import type { ForwardedCall, JsonObject, JsonValue, UsageUnits } from '@headgate/sdk';
import { tryParse } from '../shared/parse-json.js';
import { count, isObject } from '../shared/read-json.js';

/** A request or an answer that is longer holds pictures or vectors, which nothing here looks at. */
const LONGEST = 1024 * 1024;

type Read = (request: JsonObject, answer: JsonObject, call: ForwardedCall) => UsageUnits;

/**
 * What OpenAI's other paths use beside tokens, by path, https://platform.openai.com/docs/api-reference; with those that
 * others have added to the family: Mistral's OCR, and rerankers after Cohere's.
 */
const PATHS: readonly (readonly [RegExp, Read])[] = [
  [/^images\/(generations|edits|variations)$/, pictures],
  [/^audio\/(transcriptions|translations)$/, heard],
  [/^audio\/speech$/, spoken],
  [/^videos(\/[^/]+\/(remix|extensions))?$|^videos\/(edits|extensions)$/, filmed],
  [/^ocr$/, read],
  [/^rerank$/, ranked],
];

export function forwardedUnits(call: ForwardedCall): UsageUnits | null {
  if (call.method !== 'POST') return null;
  const path = call.path.split('?', 1)[0] ?? '';
  const found = PATHS.find(([expression]) => expression.test(path));
  if (found === undefined) return null;
  const units = found[1](objectIn(call.request), objectIn(call.answer), call);
  const counted = Object.entries(units).filter(([, value]) => value !== 0 && value !== '');
  return counted.length === 0 ? null : (Object.fromEntries(counted) as UsageUnits);
}

function objectIn(bytes: Buffer | null): JsonObject {
  if (bytes === null || bytes.length === 0) return {};
  // Pictures in base64 come first and what is said of them last: the end alone is no JSON, the whole too much of it.
  const parsed = bytes.length > LONGEST ? withoutPictures(bytes) : tryParse(bytes.toString('utf8'));
  return isObject(parsed) ? parsed : {};
}

/** The object without its long texts. In base64 there is no quote, so the text's end is easily found. */
function withoutPictures(bytes: Buffer): JsonValue | undefined {
  const kept: Buffer[] = [];
  let from = 0;
  for (let at = bytes.indexOf(PICTURE); at !== -1; at = bytes.indexOf(PICTURE, from)) {
    const open = bytes.indexOf(QUOTE, at + PICTURE.length);
    const close = open === -1 ? -1 : bytes.indexOf(QUOTE, open + 1);
    if (close === -1) return undefined;
    kept.push(bytes.subarray(from, open + 1));
    from = close;
  }
  kept.push(bytes.subarray(from));
  const rest = Buffer.concat(kept);
  return rest.length > LONGEST ? undefined : tryParse(rest.toString('utf8'));
}

const PICTURE = Buffer.from('"b64_json"');
const QUOTE = 0x22;

/** The answer says what was made where it says anything; the request what was asked for. */
function pictures(request: JsonObject, answer: JsonObject): UsageUnits {
  const made = Array.isArray(answer['data']) ? answer['data'].length : 0;
  const quality = wordOf(answer['quality'] ?? request['quality']);
  const size = wordOf(answer['size'] ?? request['size']);
  const variant = [quality, size].filter((word) => word !== '').join('/');
  return { images: made, outputImageTokens: paintedTokens(answer['usage']), variant };
}

/** The API makes nothing but pictures: unless it says which of its output was text, none was. */
function paintedTokens(usage: JsonValue | undefined): number {
  if (!isObject(usage) || isObject(usage['output_tokens_details'])) return 0;
  return count(usage['output_tokens']);
}

/** `usage: { type: "duration", seconds }`, or the `duration` of the verbose form. */
function heard(_request: JsonObject, answer: JsonObject): UsageUnits {
  const { usage, duration } = answer;
  const said = isObject(usage) && usage['type'] === 'duration' ? usage['seconds'] : duration;
  return { inputAudioMs: milliseconds(said) };
}

/** Sound comes back, of which nobody says how long it is; what was to be said is in the request. */
function spoken(request: JsonObject): UsageUnits {
  const { input } = request;
  return { characters: typeof input === 'string' ? [...input].length : 0 };
}

/** The job that a request starts says what it will make: `seconds: "8"`, `size: "1280x720"`. */
function filmed(request: JsonObject, answer: JsonObject): UsageUnits {
  const size = /^(\d+)x(\d+)$/.exec(wordOf(answer['size'] ?? request['size']));
  const height = size === null ? '' : `${Math.min(Number(size[1]), Number(size[2]))}p`;
  return { videoMs: milliseconds(answer['seconds'] ?? request['seconds']), variant: height };
}

/** https://docs.mistral.ai/api/endpoint/ocr: `usage_info: { pages_processed, pages_processed_annotation }` */
function read(_request: JsonObject, answer: JsonObject): UsageUnits {
  const { usage_info: info } = answer;
  if (!isObject(info)) return {};
  return {
    pages: count(info['pages_processed']),
    annotatedPages: count(info['pages_processed_annotation']),
  };
}

function ranked(_request: JsonObject, answer: JsonObject): UsageUnits {
  const { meta } = answer;
  const billed = isObject(meta) ? meta['billed_units'] : undefined;
  return { searchUnits: isObject(billed) ? count(billed['search_units']) : 0 };
}

function milliseconds(seconds: JsonValue | undefined): number {
  const value = Number(seconds);
  return value > 0 && value < 1e6 ? Math.round(value * 1000) : 0;
}

/** `auto` says nothing. */
function wordOf(value: JsonValue | undefined): string {
  return typeof value === 'string' && value !== 'auto' ? value : '';
}
