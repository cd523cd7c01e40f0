import type { JsonObject, JsonValue, Part, ToolResultPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import {
  extraOf,
  isObject,
  join,
  needArray,
  needObject,
  needString,
  optString,
} from '../shared/read-json.js';
import { partsOf } from './cache-point.js';
import { encryptedOf } from './encrypted.js';
import { audioPart, documentPart, imagePart } from './media-decode.js';
import { BEDROCK_CONVERSE } from './types.js';

const TOOL_USE_KEYS = new Set(['toolUseId', 'name', 'input']);
const TOOL_RESULT_KEYS = new Set(['toolUseId', 'content', 'status']);
const REASONING_KEYS = new Set(['text', 'signature']);
const GUARD_KEYS = new Set(['text']);

function opaque(value: JsonObject): Part {
  return { type: 'opaque', format: BEDROCK_CONVERSE, value };
}

/**
 * Keeps what the hub has no name for: members beside the block's own, and under the block's name those inside of it
 * (`inner`).
 */
function withExtra(part: Part, json: JsonObject, kind: string, inner: JsonObject | undefined): Part {
  const outer = extraOf(json, new Set([kind]));
  if (outer === undefined && inner === undefined) return part;
  part.extra = { ...outer, ...(inner === undefined ? {} : { [kind]: inner }) };
  return part;
}

function toolUse(json: JsonObject, path: string): Part {
  const at = join(path, 'toolUse');
  const use = needObject(json, 'toolUse', path);
  // A tool of AWS's own runs on their side: no client should run it.
  if (use['type'] === 'server_tool_use') return opaque(json);
  const part: Part = {
    type: 'tool-call',
    id: needString(use, 'toolUseId', at),
    name: needString(use, 'name', at),
    arguments: JSON.stringify(use['input'] ?? {}),
  };
  return withExtra(part, json, 'toolUse', extraOf(use, TOOL_USE_KEYS));
}

function resultBlock(json: JsonObject, path: string): Part {
  if (json['json'] !== undefined && Object.keys(json).length === 1)
    return { type: 'text', text: JSON.stringify(json['json']), extra: { json: true } };
  return decodeBlock(json, path);
}

function toolResult(json: JsonObject, path: string): Part {
  const at = join(path, 'toolResult');
  const result = needObject(json, 'toolResult', path);
  if (result['type'] !== undefined && result['type'] !== null) return opaque(json);
  const part: ToolResultPart = {
    type: 'tool-result',
    callId: needString(result, 'toolUseId', at),
    content: partsOf(needArray(result, 'content', at), join(at, 'content'), resultBlock),
  };
  const status = optString(result, 'status', at);
  if (status !== undefined) part.isError = status === 'error';
  return withExtra(part, json, 'toolResult', extraOf(result, TOOL_RESULT_KEYS));
}

function reasoning(json: JsonObject, path: string): Part {
  const at = join(path, 'reasoningContent');
  const content = needObject(json, 'reasoningContent', path);
  if (typeof content['redactedContent'] === 'string')
    return withExtra(
      { type: 'reasoning', text: '', encrypted: encryptedOf(content['redactedContent']) },
      json,
      'reasoningContent',
      undefined,
    );
  if (!isObject(content['reasoningText'])) return opaque(json);
  const inner = content['reasoningText'];
  const innerAt = join(at, 'reasoningText');
  const part: Part = { type: 'reasoning', text: needString(inner, 'text', innerAt) };
  const signature = optString(inner, 'signature', innerAt);
  if (signature !== undefined && signature !== '') part.signature = signature;
  return withExtra(part, json, 'reasoningContent', extraOf(inner, REASONING_KEYS));
}

/** Guarded content is content: other formats send it as such. */
function guarded(json: JsonObject, path: string): Part {
  const content = needObject(json, 'guardContent', path);
  const at = join(path, 'guardContent');
  if (isObject(content['text'])) {
    const part: Part = { type: 'text', text: needString(content['text'], 'text', join(at, 'text')) };
    return withExtra(part, json, 'guardContent', extraOf(content['text'], GUARD_KEYS) ?? {});
  }
  if (!isObject(content['image'])) return opaque(json);
  const part = imagePart(content, at);
  if (part?.type !== 'image') return opaque(json);
  return withExtra(part, json, 'guardContent', part.extra ?? {});
}

/** The texts of `[{ text }, …]`, or undefined when something else is among them. */
function textsOf(content: JsonValue[]): string[] | undefined {
  const texts: string[] = [];
  for (const piece of content) {
    if (!isObject(piece) || typeof piece['text'] !== 'string' || Object.keys(piece).length !== 1)
      return undefined;
    texts.push(piece['text']);
  }
  return texts;
}

function cited(json: JsonObject, path: string): Part {
  const inner = needObject(json, 'citationsContent', path);
  const content = Array.isArray(inner['content']) ? inner['content'] : [];
  const texts = textsOf(content);
  if (texts === undefined) return opaque(json);
  const citations = Array.isArray(inner['citations']) ? inner['citations'] : [];
  const part: Part = { type: 'text', text: texts.join(''), citations };
  return withExtra(part, json, 'citationsContent', texts.length === 1 ? undefined : { content });
}

const KINDS: Record<string, (json: JsonObject, path: string) => Part> = {
  text: (json, path) =>
    withExtra({ type: 'text', text: needString(json, 'text', path) }, json, 'text', undefined),
  toolUse,
  toolResult,
  reasoningContent: reasoning,
  guardContent: guarded,
  citationsContent: cited,
  image: (json, path) => media(json, 'image', imagePart(json, path)),
  document: (json, path) => media(json, 'document', documentPart(json, path)),
  audio: (json, path) => media(json, 'audio', audioPart(json, path)),
};

function media(json: JsonObject, kind: string, part: Part | undefined): Part {
  return part === undefined ? opaque(json) : withExtra(part, json, kind, part.extra);
}

/** A content block of a message, a system prompt or a tool result. What the hub has no name for stays opaque. */
export function decodeBlock(json: JsonObject, path: string): Part {
  for (const kind of Object.keys(json)) {
    const decode = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (decode !== undefined && json[kind] !== null && json[kind] !== undefined) return decode(json, path);
  }
  if (Object.keys(json).length === 0)
    throw new MalformedBody(`'${path}' must hold a content block, e.g. { "text": … }`, path);
  return opaque(json);
}

export function decodeBlocks(blocks: JsonValue[], path: string): Part[] {
  return partsOf(blocks, path, decodeBlock);
}
