import type { JsonObject, JsonValue, MediaSource, Part, TextPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheMarkOf } from '../shared/cache-mark.js';
import { parseDataUrl, sourceOfUrl } from '../shared/data-url.js';
import {
  extraOf,
  isObject,
  join,
  needObject,
  needString,
  objectAt,
  optArray,
  optString,
} from '../shared/read-json.js';
import { mark, OPENAI_RESPONSES } from './types.js';

const TEXT_KEYS = new Set(['type', 'text', 'annotations']);
const REFUSAL_KEYS = new Set(['type', 'refusal']);
const IMAGE_KEYS = new Set(['type', 'image_url', 'file_id', 'detail']);
const FILE_KEYS = new Set(['type', 'file_id', 'file_data', 'file_url', 'filename']);
const AUDIO_KEYS = new Set(['type', 'input_audio']);

/** The type that text has in the content of each role. */
export type TextType = 'input_text' | 'output_text';

function isBreakpoint(value: JsonValue | undefined): boolean {
  return isObject(value) && value['mode'] === 'explicit' && Object.keys(value).length === 1;
}

/**
 * Fills the cache mark and the members the hub has no name for. A `prompt_cache_breakpoint` ends a prefix just as
 * Anthropic's `cache_control` does, which OpenRouter and LiteLLM accept here too.
 */
function withRest<P extends Part>(part: P, json: JsonObject, known: ReadonlySet<string>): P {
  const rest = extraOf(json, known);
  if (rest === undefined) return part;
  const control = cacheMarkOf(json);
  if (isBreakpoint(json['prompt_cache_breakpoint'])) {
    part.cache = {};
    delete rest['prompt_cache_breakpoint'];
  } else if (control !== undefined) {
    part.cache = control;
    mark(part, 'cache', 'cache_control');
    delete rest['cache_control'];
  }
  if (Object.keys(rest).length > 0) mark(part, 'part', rest);
  return part;
}

function textPart(json: JsonObject, path: string, usual: TextType): TextPart {
  const part = withRest<TextPart>({ type: 'text', text: needString(json, 'text', path) }, json, TEXT_KEYS);
  const annotations = optArray(json, 'annotations', path);
  if (annotations !== undefined) part.citations = annotations;
  if (json['type'] !== usual) mark(part, 'type', json['type'] as string);
  return part;
}

function imagePart(json: JsonObject, path: string): Part {
  const url = optString(json, 'image_url', path);
  const id = optString(json, 'file_id', path);
  let source: MediaSource;
  if (url !== undefined) source = sourceOfUrl(url);
  else if (id !== undefined) source = { kind: 'file', id };
  else {
    const param = join(path, 'image_url');
    throw new MalformedBody(`'${param}' must be a URL, or 'file_id' must be given`, param);
  }
  const part: Part = { type: 'image', source };
  const detail = optString(json, 'detail', path);
  if (detail !== undefined) part.detail = detail;
  return withRest(part, json, IMAGE_KEYS);
}

function filePart(json: JsonObject, path: string): Part {
  const id = optString(json, 'file_id', path);
  const url = optString(json, 'file_url', path);
  const data = optString(json, 'file_data', path);
  let source: MediaSource;
  let bare = false;
  if (id !== undefined) source = { kind: 'file', id };
  else if (url !== undefined) source = { kind: 'url', url };
  else if (data !== undefined) {
    const parsed = parseDataUrl(data);
    bare = parsed === undefined;
    source = { kind: 'base64', ...(parsed ?? { mediaType: 'application/pdf', data }) };
  } else
    throw new MalformedBody(
      `'${path}' must have 'file_data', 'file_url' or 'file_id'`,
      join(path, 'file_data'),
    );
  const part: Part = { type: 'document', source };
  const name = optString(json, 'filename', path);
  if (name !== undefined) part.name = name;
  if (bare) mark(part, 'bare', true);
  return withRest(part, json, FILE_KEYS);
}

function audioPart(json: JsonObject, path: string): Part {
  const inner = needObject(json, 'input_audio', path);
  const innerPath = join(path, 'input_audio');
  const format = needString(inner, 'format', innerPath);
  const data = needString(inner, 'data', innerPath);
  const mediaType = format === 'mp3' ? 'audio/mpeg' : `audio/${format}`;
  return withRest({ type: 'audio', source: { kind: 'base64', mediaType, data }, format }, json, AUDIO_KEYS);
}

/** One content part of a message or a tool's output. What the hub has no name for stays opaque. */
export function decodePart(json: JsonObject, path: string, usual: TextType): Part {
  switch (json['type']) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return textPart(json, path, usual);
    case 'refusal':
      return withRest({ type: 'refusal', text: needString(json, 'refusal', path) }, json, REFUSAL_KEYS);
    case 'input_image':
      return imagePart(json, path);
    case 'input_file':
      return filePart(json, path);
    case 'input_audio':
      return audioPart(json, path);
  }
  needString(json, 'type', path);
  return { type: 'opaque', format: OPENAI_RESPONSES, value: json, extra: { content: true } };
}

/** Content that is a list. A string is the caller's, who has to remember that it was one. */
export function decodeList(content: JsonValue[], path: string, usual: TextType): Part[] {
  return content.map((_, i) => decodePart(objectAt(content, i, path), `${path}[${i}]`, usual));
}

/** `content` of a message or `output` of a tool: its parts, and whether it was a string. */
export function decodeContent(
  content: JsonValue | undefined,
  path: string,
  usual: TextType,
): { parts: Part[]; string: boolean } {
  if (typeof content === 'string') return { parts: [{ type: 'text', text: content }], string: true };
  if (!Array.isArray(content))
    throw new MalformedBody(`'${path}' must be a string or an array of parts`, path);
  return { parts: decodeList(content, path, usual), string: false };
}
