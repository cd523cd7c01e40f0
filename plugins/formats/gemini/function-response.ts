import type { JsonObject, JsonValue, Part, ToolResultPart, Warn } from '@headgate/sdk';
import { optList, spelled } from '../shared/google-spelling.js';
import { tryParse } from '../shared/parse-json.js';
import {
  extraOf,
  isObject,
  join,
  needObject,
  needString,
  objectAt,
  optObject,
  optString,
} from '../shared/read-json.js';
import { kindInWords } from '../shared/value-in-words.js';
import { decodeMedia, encodeMedia, type MediaPart } from './media.js';
import { GEMINI } from './types.js';

const KEYS = new Set(['id', 'name', 'response', 'parts', 'willContinue', 'scheduling']);
const KNOWN = new Set(['name', 'response', 'parts']);
const PART_KEYS = new Set(['inlineData', 'fileData', 'mediaProcessing']);
/** The names under which Google and its SDKs put what a function gave, or why it failed. */
const WRAPPERS = new Set(['output', 'result', 'error']);

interface Unwrapped {
  text: string;
  /** The only member of the response, when it is one of the known names. */
  key?: string;
  /** The text is JSON, not what stood in the response. */
  json: boolean;
}

/** A response is an object; for other formats its text is what counts. */
function unwrap(response: JsonObject): Unwrapped {
  const keys = Object.keys(response);
  const key = keys.length === 1 && WRAPPERS.has(keys[0] as string) ? (keys[0] as string) : undefined;
  const value: JsonValue = key === undefined ? response : (response[key] ?? null);
  const json = typeof value !== 'string';
  const text = json ? JSON.stringify(value) : value;
  return key === undefined ? { text, json } : { text, key, json };
}

/** Finds the call that a result belongs to. */
interface ResultIds {
  result(id: string | undefined, name: string): string;
}

export function decodeFunctionResponse(json: JsonObject, path: string, ids: ResultIds): ToolResultPart {
  const at = join(path, 'functionResponse');
  const answer = spelled(needObject(json, 'functionResponse', path), KEYS);
  const name = needString(answer, 'name', at);
  const callId = ids.result(optString(answer, 'id', at), name);
  const part: ToolResultPart = { type: 'tool-result', callId, content: [] };
  const extra: JsonObject = { ...extraOf(answer, KNOWN), name };
  /** How the response held its text, to be written so again. */
  const form: JsonObject = {};
  const response = optObject(answer, 'response', at);
  if (response !== undefined) {
    const { text, key, json: isJson } = unwrap(response);
    part.content.push({ type: 'text', text });
    form['json'] = isJson;
    if (key !== undefined) form['key'] = key;
    if (key === 'error') part.isError = true;
  }
  const parts = optList(answer, 'parts', at);
  parts?.forEach((_, i) => {
    const one = spelled(objectAt(parts, i, join(at, 'parts')), PART_KEYS);
    const media = decodeMedia(one, `${at}.parts[${i}]`);
    part.content.push(media ?? { type: 'opaque', format: GEMINI, value: one });
  });
  part.extra = { functionResponse: extra, form };
  return part;
}

function isMedia(part: Part): part is MediaPart {
  return part.type === 'image' || part.type === 'audio' || part.type === 'document';
}

function sameResponse(form: JsonObject, content: string): JsonObject {
  const parsed = form['json'] === true ? tryParse(content) : undefined;
  const value = parsed === undefined ? content : parsed;
  if (typeof form['key'] === 'string') return { [form['key']]: value };
  return isObject(value) ? value : { output: value };
}

export interface ResultContext {
  same: boolean;
  warn: Warn;
  /** The model takes pictures and documents inside a result. */
  mediaInResults: boolean;
  /** It takes the resolution of each picture. */
  resolutions: boolean;
  /** Name of the function that a call id belongs to. */
  nameOf(callId: string): string | undefined;
}

/**
 * `functionResponse` of a tool result. Media that the model does not take inside of it go to `after`, to be sent
 * beside it. Ids are written only where they came from this format: Vertex AI refuses them, and the order tells which
 * result belongs to which call.
 */
export function encodeFunctionResponse(
  part: ToolResultPart,
  context: ResultContext,
  after: JsonObject[],
): JsonObject {
  const { same, warn } = context;
  const rest = same && isObject(part.extra?.['functionResponse']) ? part.extra['functionResponse'] : {};
  const answer: JsonObject = { ...rest };
  answer['name'] = rest['name'] ?? context.nameOf(part.callId) ?? part.callId;
  const texts: string[] = [];
  const media: JsonObject[] = [];
  for (const one of part.content) {
    if (one.type === 'text') texts.push(one.text);
    else if (isMedia(one)) {
      const json = encodeMedia(one, context);
      if (json === undefined) continue;
      if (typeof json['text'] === 'string') texts.push(json['text']);
      else media.push(json);
    } else if (one.type === 'opaque' && one.format === GEMINI) media.push(one.value);
    else if (one.type === 'opaque')
      warn('content', `a part of type '${kindInWords(one.value)}' is only known to ${one.format}`);
  }
  const text = texts.join('\n\n');
  if (!same) answer['response'] = { [part.isError === true ? 'error' : 'output']: text };
  else if (texts.length > 0)
    answer['response'] = sameResponse(isObject(part.extra?.['form']) ? part.extra['form'] : {}, text);
  if (media.length > 0 && (same || context.mediaInResults)) answer['parts'] = media;
  else if (media.length > 0) {
    warn('tool_result', 'pictures and documents of a tool result are sent beside it');
    after.push({ text: `Attachments of the result of ${String(answer['name'])}:` }, ...media);
  }
  return { functionResponse: answer };
}
