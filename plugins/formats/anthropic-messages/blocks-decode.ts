import type { CacheMark, JsonObject, JsonValue, MediaSource, Part, ReasoningPart } from '@headgate/sdk';
import { MalformedBody } from '@headgate/sdk';
import { cacheMarkOf } from '../shared/cache-mark.js';
import { withBase } from '../shared/part-base.js';
import {
  isObject,
  join,
  needObject,
  needString,
  objectAt,
  optArray,
  optBoolean,
  optString,
} from '../shared/read-json.js';
import { ANTHROPIC_MESSAGES, MARKED_INSIDE } from './types.js';

const TEXT_KEYS = new Set(['type', 'text', 'citations']);
const IMAGE_KEYS = new Set(['type', 'source']);
const DOCUMENT_KEYS = new Set(['type', 'source', 'title']);
const THINKING_KEYS = new Set(['type', 'thinking', 'signature']);
const REDACTED_KEYS = new Set(['type', 'data']);
const TOOL_USE_KEYS = new Set(['type', 'id', 'name', 'input']);
const TOOL_RESULT_KEYS = new Set(['type', 'tool_use_id', 'content', 'is_error']);

/** Undefined for a kind of source that the hub has no name for. */
function sourceOf(source: JsonObject, path: string): MediaSource | undefined {
  switch (source['type']) {
    case 'base64':
      return {
        kind: 'base64',
        mediaType: needString(source, 'media_type', path),
        data: needString(source, 'data', path),
      };
    case 'url':
      return { kind: 'url', url: needString(source, 'url', path) };
    case 'file':
      return { kind: 'file', id: needString(source, 'file_id', path) };
    case 'text':
      return {
        kind: 'text',
        mediaType: needString(source, 'media_type', path),
        text: needString(source, 'data', path),
      };
  }
  return undefined;
}

function opaque(value: JsonObject): Part {
  return { type: 'opaque', format: ANTHROPIC_MESSAGES, value };
}

/** The text of a document that is given as content blocks. */
function contentText(content: JsonValue | undefined): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts: string[] = [];
  for (const block of content)
    if (isObject(block) && typeof block['text'] === 'string') texts.push(block['text']);
  return texts.join('\n\n');
}

/** The last mark of the blocks of a document. */
function markInside(content: JsonValue | undefined): CacheMark | undefined {
  if (!Array.isArray(content)) return undefined;
  return content.map((block) => (isObject(block) ? cacheMarkOf(block) : undefined)).findLast((mark) => mark);
}

function documentPart(json: JsonObject, path: string): Part {
  const source = needObject(json, 'source', path);
  const custom = source['type'] === 'content';
  const known: MediaSource | undefined = custom
    ? { kind: 'text', mediaType: 'text/plain', text: contentText(source['content']) }
    : sourceOf(source, join(path, 'source'));
  if (known === undefined) return opaque(json);
  const part: Part = withBase({ type: 'document', source: known }, json, DOCUMENT_KEYS);
  const title = optString(json, 'title', path);
  if (title !== undefined) part.name = title;
  // Both stay in the bag as well, from which a target of this format gets them as they came.
  const { context, citations } = json;
  if (typeof context === 'string' && part.type === 'document') part.context = context;
  if (isObject(citations) && citations['enabled'] === true && part.type === 'document') part.cited = true;
  // Blocks say more than their text; a target of this format gets them back.
  if (custom) {
    part.extra = { ...part.extra, source };
    const inside = part.cache === undefined ? markInside(source['content']) : undefined;
    // Others have no blocks in a document: there the mark is one of the whole, here it stays where it stood.
    if (inside !== undefined) {
      part.cache = inside;
      part.extra[MARKED_INSIDE] = null;
    }
  }
  return part;
}

function toolResultPart(json: JsonObject, path: string): Part {
  const content = decodeContent(json['content'], join(path, 'content'));
  const part: Part = { type: 'tool-result', callId: needString(json, 'tool_use_id', path), content };
  const isError = optBoolean(json, 'is_error', path);
  if (isError !== undefined) part.isError = isError;
  return withBase(part, json, TOOL_RESULT_KEYS);
}

/** A content block of a request or an answer. What the hub has no name for stays opaque. */
export function decodeBlock(json: JsonObject, path: string): Part {
  switch (json['type']) {
    case 'text': {
      const part: Part = withBase({ type: 'text', text: needString(json, 'text', path) }, json, TEXT_KEYS);
      const citations = optArray(json, 'citations', path);
      if (citations !== undefined) part.citations = citations;
      return part;
    }
    case 'image': {
      const source = sourceOf(needObject(json, 'source', path), join(path, 'source'));
      return source === undefined ? opaque(json) : withBase({ type: 'image', source }, json, IMAGE_KEYS);
    }
    case 'document':
      return documentPart(json, path);
    case 'thinking': {
      const part: ReasoningPart = { type: 'reasoning', text: needString(json, 'thinking', path) };
      const signature = optString(json, 'signature', path);
      if (signature !== undefined && signature !== '') part.signature = signature;
      return withBase(part, json, THINKING_KEYS);
    }
    case 'redacted_thinking':
      return withBase(
        { type: 'reasoning', text: '', encrypted: needString(json, 'data', path) },
        json,
        REDACTED_KEYS,
      );
    case 'tool_use': {
      const input = json['input'] ?? {};
      const part: Part = {
        type: 'tool-call',
        id: needString(json, 'id', path),
        name: needString(json, 'name', path),
        arguments: JSON.stringify(input),
      };
      return withBase(part, json, TOOL_USE_KEYS);
    }
    case 'tool_result':
      return toolResultPart(json, path);
  }
  if (typeof json['type'] !== 'string') needString(json, 'type', path);
  return opaque(json);
}

/** `content` of a message or a tool result: a string or an array of blocks. */
export function decodeContent(content: JsonValue | undefined, path: string): Part[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content))
    throw new MalformedBody(`'${path}' must be a string or an array of blocks`, path);
  return content.map((_, i) => decodeBlock(objectAt(content, i, path), `${path}[${i}]`));
}
