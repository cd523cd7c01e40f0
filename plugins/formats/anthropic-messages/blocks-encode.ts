import type {
  DocumentPart,
  ImagePart,
  JsonObject,
  MediaSource,
  Part,
  ReasoningPart,
  ToolResultPart,
  Warn,
} from '@headgate/sdk';
import { cacheControl } from '../shared/cache-mark.js';
import { fromGeminiSignature } from '../shared/gemini-signature.js';
import { openResponses } from '../shared/reasoning-seal.js';
import { kindInWords } from '../shared/value-in-words.js';
import type { ToolIds } from './tool-ids.js';
import { toolInput } from './tool-input.js';
import { ANTHROPIC_MESSAGES, MARKED_INSIDE } from './types.js';

/** What an encoder of blocks must know. */
export interface BlockContext {
  /** The request was decoded from this very format, so `extra` bags and provider-bound ids are written again. */
  same: boolean;
  /** It is written for a client, who may keep other providers' reasoning and bring it back, not for Anthropic. */
  forClient: boolean;
  warn: Warn;
  ids: ToolIds;
}

function encodeSource(source: MediaSource, context: BlockContext): JsonObject | undefined {
  switch (source.kind) {
    case 'base64':
      return { type: 'base64', media_type: source.mediaType, data: source.data };
    case 'url':
      return { type: 'url', url: source.url };
    case 'text':
      return { type: 'text', media_type: source.mediaType, data: source.text };
    case 'file':
      if (context.same) return { type: 'file', file_id: source.id };
      context.warn('file', 'a file kept by another provider cannot be sent in this format');
      return undefined;
  }
}

function image(part: ImagePart, context: BlockContext): JsonObject | undefined {
  const source = encodeSource(part.source, context);
  if (source === undefined) return undefined;
  if (part.detail !== undefined && part.detail !== 'auto')
    context.warn('detail', 'the detail of a picture cannot be chosen in this format');
  return { ...(context.same ? part.extra : {}), type: 'image', source };
}

/** Anthropic reads PDF and plain text; another text type is sent as plain text, which it is. */
function document(part: DocumentPart, context: BlockContext): JsonObject | undefined {
  let { source } = part;
  if (!context.same && source.kind === 'base64' && source.mediaType.startsWith('text/'))
    source = {
      kind: 'text',
      mediaType: 'text/plain',
      text: Buffer.from(source.data, 'base64').toString('utf8'),
    };
  const encoded = encodeSource(source, context);
  if (encoded === undefined) return undefined;
  const json: JsonObject = { type: 'document', source: encoded };
  if (part.name !== undefined) json['title'] = part.name;
  if (context.same) return { ...json, ...part.extra };
  if (part.context !== undefined) json['context'] = part.context;
  if (part.cited === true) json['citations'] = { enabled: true };
  return json;
}

/**
 * Only what Anthropic signed can be sent back to it. Providers behind OpenRouter name the format of theirs; what other
 * providers gave this gateway's clients carries a seal.
 */
function isForeign(part: ReasoningPart): boolean {
  const format = part.extra?.['format'];
  if (typeof format === 'string' && !format.startsWith('anthropic')) return true;
  if (fromGeminiSignature(part.signature ?? part.encrypted) !== undefined) return true;
  return part.encrypted !== undefined && openResponses(part.encrypted) !== undefined;
}

function reasoning(part: ReasoningPart, context: BlockContext): JsonObject | undefined {
  const extra = context.same ? part.extra : undefined;
  const signed = part.signature !== undefined || part.encrypted !== undefined;
  if ((!context.forClient && isForeign(part)) || (!context.same && !signed)) {
    context.warn('reasoning', 'reasoning that Anthropic did not sign cannot be sent back to it');
    return undefined;
  }
  if (part.encrypted !== undefined) return { ...extra, type: 'redacted_thinking', data: part.encrypted };
  return { ...extra, type: 'thinking', thinking: part.text, signature: part.signature ?? '' };
}

function toolResult(part: ToolResultPart, context: BlockContext): JsonObject {
  const json: JsonObject = {
    ...(context.same ? part.extra : {}),
    type: 'tool_result',
    tool_use_id: context.ids.of(part.callId),
  };
  const content = encodeContent(part.content, context);
  if (content !== undefined) json['content'] = content;
  if (part.isError !== undefined) json['is_error'] = part.isError;
  return json;
}

function bare(part: Part, context: BlockContext): JsonObject | undefined {
  const extra = context.same ? part.extra : undefined;
  switch (part.type) {
    case 'text': {
      // Anthropic refuses empty blocks.
      if (part.text === '' && !context.same) return undefined;
      const json: JsonObject = { ...extra, type: 'text', text: part.text };
      if (context.same && part.citations !== undefined) json['citations'] = part.citations;
      return json;
    }
    case 'refusal':
      return part.text === '' ? undefined : { type: 'text', text: part.text };
    case 'image':
      return image(part, context);
    case 'document':
      return document(part, context);
    case 'audio':
      context.warn('audio', 'sound is not part of this format');
      return undefined;
    case 'reasoning':
      return reasoning(part, context);
    case 'tool-call':
      return {
        ...extra,
        type: 'tool_use',
        id: context.ids.of(part.id),
        name: part.name,
        input: toolInput(part),
      };
    case 'tool-result':
      return toolResult(part, context);
    case 'opaque':
      if (part.format === ANTHROPIC_MESSAGES) return part.value;
      context.warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
      return undefined;
  }
}

/** One block, or undefined when this format cannot say it (then it was warned about) or need not. */
export function encodeBlock(part: Part, context: BlockContext): JsonObject | undefined {
  const json = bare(part, context);
  if (json === undefined || part.cache === undefined) return json;
  if (json[MARKED_INSIDE] === null) delete json[MARKED_INSIDE];
  else json['cache_control'] = cacheControl(part.cache);
  return json;
}

export function isPlainText(part: Part): part is Extract<Part, { type: 'text' }> {
  return (
    part.type === 'text' &&
    part.cache === undefined &&
    part.extra === undefined &&
    part.citations === undefined
  );
}

/**
 * Content of a tool result: a string for one plain text, blocks for more, undefined for nothing. What counts is what
 * could be said: a text is the same whether it came alone or beside a part that was left out.
 */
function encodeContent(parts: Part[], context: BlockContext): string | JsonObject[] | undefined {
  const first = parts[0];
  if (parts.length === 1 && first !== undefined && isPlainText(first)) return first.text;
  const blocks: JsonObject[] = [];
  for (const part of parts) {
    const block = encodeBlock(part, context);
    if (block !== undefined) blocks.push(block);
  }
  const [only] = blocks;
  if (only === undefined) return undefined;
  return blocks.length === 1 && isPlainBlock(only) ? only['text'] : blocks;
}

function isPlainBlock(block: JsonObject): block is JsonObject & { text: string } {
  return block['type'] === 'text' && typeof block['text'] === 'string' && Object.keys(block).length === 2;
}
