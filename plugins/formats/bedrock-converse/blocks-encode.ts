import type {
  CacheMark,
  JsonObject,
  JsonValue,
  Part,
  ReasoningPart,
  TextPart,
  ToolCallPart,
  ToolResultPart,
  Warn,
} from '@headgate/sdk';
import { cacheMarkOf } from '../shared/cache-mark.js';
import { tryParse } from '../shared/parse-json.js';
import { argumentsObject } from '../shared/tool-arguments.js';
import { kindInWords } from '../shared/value-in-words.js';
import { cachePoint } from './cache-point.js';
import { redactedContent } from './encrypted.js';
import { audioBlock, type DocumentNames, documentBlock, imageBlock, innerExtra } from './media-encode.js';
import type { ModelTraits } from './model-traits.js';
import type { ToolIds } from './tool-ids.js';
import { BEDROCK_CONVERSE } from './types.js';

/** What an encoder of blocks must know. */
export interface BlockContext {
  /** The request was decoded from this very format, so `extra` bags and provider-bound ids are written again. */
  same: boolean;
  /** An answer is written: reasoning that nobody signed may be shown. */
  answer: boolean;
  warn: Warn;
  ids: ToolIds;
  names: DocumentNames;
  traits: ModelTraits;
}

/** Converse refuses blank text, in messages, the system prompt and results alike; answers may have it. */
function isBlank(part: TextPart, context: BlockContext): boolean {
  if (context.same || part.text.trim() !== '' || (context.answer && part.text !== '')) return false;
  if (part.text !== '') context.warn('content', 'text of white space only is refused by this format');
  return true;
}

function text(part: TextPart, context: BlockContext): JsonObject | undefined {
  if (isBlank(part, context)) return undefined;
  if (context.same && part.extra?.['guardContent'] !== undefined)
    return { guardContent: { text: { text: part.text, ...innerExtra(part, 'guardContent', context) } } };
  if (!context.same || part.citations === undefined) return { text: part.text };
  const content = [{ text: part.text }];
  return {
    citationsContent: {
      content,
      ...innerExtra(part, 'citationsContent', context),
      citations: part.citations,
    },
  };
}

/** Providers behind other gateways name the format of what they signed; only Anthropic's own fits a Claude model. */
function isForeign(part: ReasoningPart): boolean {
  const format = part.extra?.['format'];
  return typeof format === 'string' && !format.startsWith('anthropic');
}

function reasoning(part: ReasoningPart, context: BlockContext): JsonObject | undefined {
  const { family } = context.traits;
  if (!context.same && !context.answer) {
    const signed = part.signature !== undefined || part.encrypted !== undefined;
    if (!signed || isForeign(part) || (family !== 'anthropic' && family !== '')) {
      context.warn('reasoning', 'reasoning that the model did not sign cannot be sent back to it');
      return undefined;
    }
  }
  if (part.encrypted !== undefined)
    return { reasoningContent: { redactedContent: redactedContent(part.encrypted) } };
  const inner: JsonObject = { ...innerExtra(part, 'reasoningContent', context), text: part.text };
  if (part.signature !== undefined) inner['signature'] = part.signature;
  return { reasoningContent: { reasoningText: inner } };
}

/** Arguments as the object that Converse wants; of its own format, whatever JSON came. */
function toolInput(part: ToolCallPart, context: BlockContext): JsonValue {
  const parsed = context.same ? tryParse(part.arguments) : undefined;
  return parsed ?? argumentsObject(part.arguments);
}

function resultBlock(part: Part, context: BlockContext): JsonObject | undefined {
  if (part.type === 'text' && context.same && part.extra?.['json'] === true) {
    const json = tryParse(part.text);
    if (json !== undefined) return { json };
  }
  if (part.type === 'audio') {
    context.warn('audio', 'sound cannot be part of a tool result in this format');
    return undefined;
  }
  return encodeBlock(part, context);
}

function toolResult(part: ToolResultPart, context: BlockContext): JsonObject {
  const content: JsonObject[] = [];
  for (const one of part.content) {
    const block = resultBlock(one, context);
    if (block !== undefined) content.push(block);
    if (context.same && one.cache !== undefined) content.push(cachePoint(one.cache));
  }
  const json: JsonObject = {
    ...innerExtra(part, 'toolResult', context),
    toolUseId: context.ids.of(part.callId),
    content,
  };
  if (part.isError === true) json['status'] = 'error';
  else if (part.isError === false && context.same) json['status'] = 'success';
  return { toolResult: json };
}

function outer(part: Part, block: JsonObject | undefined, context: BlockContext): JsonObject | undefined {
  if (block === undefined || !context.same || part.extra === undefined) return block;
  const json: JsonObject = { ...block };
  for (const key of Object.keys(part.extra))
    if (!(key in json) && key !== 'json' && !INNER.has(key)) json[key] = part.extra[key];
  return json;
}

/** Names of blocks: in an `extra` bag they stand for what was inside of the block. */
const INNER = new Set([
  'text',
  'image',
  'document',
  'audio',
  'toolUse',
  'toolResult',
  'reasoningContent',
  'guardContent',
  'citationsContent',
]);

function bare(part: Part, context: BlockContext): JsonObject | undefined {
  switch (part.type) {
    case 'text':
      return text(part, context);
    case 'refusal':
      return (context.answer ? part.text : part.text.trim()) === '' ? undefined : { text: part.text };
    case 'image': {
      const guarded = context.same && part.extra?.['guardContent'] !== undefined;
      const image = imageBlock(part, innerExtra(part, guarded ? 'guardContent' : 'image', context), context);
      return image === undefined ? undefined : guarded ? { guardContent: { image } } : { image };
    }
    case 'document': {
      const document = documentBlock(part, context);
      return document === undefined ? undefined : { document };
    }
    case 'audio': {
      const audio = audioBlock(part, context);
      return audio === undefined ? undefined : { audio };
    }
    case 'reasoning':
      return reasoning(part, context);
    case 'tool-call': {
      const inner = innerExtra(part, 'toolUse', context);
      return {
        toolUse: {
          ...inner,
          toolUseId: context.ids.of(part.id),
          name: part.name,
          input: toolInput(part, context),
        },
      };
    }
    case 'tool-result':
      return toolResult(part, context);
    case 'opaque':
      if (part.format === BEDROCK_CONVERSE) return part.value;
      context.warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
      return undefined;
  }
}

/** One block, or undefined when this format cannot say it (then it was warned about) or need not. */
export function encodeBlock(part: Part, context: BlockContext): JsonObject | undefined {
  const block = bare(part, context);
  return part.type === 'opaque' ? block : outer(part, block, context);
}

/**
 * The mark after a part; that of a piece of a tool's result counts for the whole, inside of which there is none, and that
 * of a part which only another format knows stays where the part would have been.
 */
function markOf(part: Part, context: BlockContext): CacheMark | undefined {
  if (part.cache !== undefined || context.same) return part.cache;
  if (part.type === 'opaque' && part.format !== BEDROCK_CONVERSE) return cacheMarkOf(part.value);
  if (part.type !== 'tool-result') return undefined;
  for (const one of part.content) {
    const mark = markOf(one, context);
    if (mark !== undefined) return mark;
  }
  return undefined;
}

/** Writes a part, and the cache point after it, into a list of blocks. */
export function encodeInto(blocks: JsonObject[], part: Part, context: BlockContext): void {
  const block = encodeBlock(part, context);
  if (block !== undefined) blocks.push(block);
  const mark = markOf(part, context);
  if (mark === undefined) return;
  const marked = blocks.at(-1)?.['cachePoint'] !== undefined;
  if (context.same || (context.traits.cache && blocks.length > 0 && !marked)) blocks.push(cachePoint(mark));
  else if (!context.traits.cache)
    context.warn('cache_control', 'this model caches no prompts at given points');
}
