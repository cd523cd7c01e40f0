import type { JsonObject, Message, Part } from '@headgate/sdk';
import { type BlockContext, encodeBlock, isPlainText } from './blocks-encode.js';

/** Said where a conversation does not begin with the user, which Anthropic requires. */
const OPENING = '(The conversation starts here.)';

export interface EncodedMessages {
  system: string | JsonObject[] | undefined;
  messages: JsonObject[];
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function blocksOf(parts: Part[], context: BlockContext): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const part of parts) {
    const block = encodeBlock(part, context);
    if (block !== undefined) blocks.push(block);
  }
  return blocks;
}

function stringOrBlocks(parts: Part[], context: BlockContext): string | JsonObject[] {
  const first = parts[0];
  return parts.length === 1 && first !== undefined && isPlainText(first)
    ? first.text
    : blocksOf(parts, context);
}

/** The messages before the first one that is not a system message. */
function leadingSystem(messages: Message[]): number {
  let count = 0;
  for (const message of messages) {
    if (!isSystem(message)) break;
    count++;
  }
  return count;
}

/** A request that was made for this API is written as it came. */
function encodeSame(messages: Message[], leading: number, context: BlockContext): EncodedMessages {
  const parts = messages.slice(0, leading).flatMap((message) => message.parts);
  return {
    system: leading === 0 ? undefined : stringOrBlocks(parts, context),
    messages: messages.slice(leading).map((message) => ({
      ...message.extra,
      role: message.role === 'tool' ? 'user' : message.role === 'developer' ? 'system' : message.role,
      content: stringOrBlocks(message.parts, context),
    })),
  };
}

interface Turn {
  role: 'user' | 'assistant';
  results: JsonObject[];
  blocks: JsonObject[];
}

/** Instructions in the middle of a conversation keep their place, as text of the user's turn marked as what they are. */
function systemInTurn(message: Message, context: BlockContext): JsonObject[] {
  context.warn(
    'messages',
    'a system message in the middle of the conversation is sent as marked text of the user turn',
  );
  return blocksOf(message.parts, context).map((block) =>
    block['type'] === 'text' ? { ...block, text: `<system>\n${String(block['text'])}\n</system>` } : block,
  );
}

function addToTurn(turn: Turn, message: Message, context: BlockContext): void {
  if (isSystem(message)) {
    turn.blocks.push(...systemInTurn(message, context));
    return;
  }
  for (const part of message.parts) {
    if (message.role === 'assistant' && (part.type === 'image' || part.type === 'document')) {
      context.warn('content', 'pictures and documents of the assistant cannot be sent in this format');
      continue;
    }
    const block = encodeBlock(part, context);
    if (block !== undefined) (part.type === 'tool-result' ? turn.results : turn.blocks).push(block);
  }
}

/** Consecutive messages of one side become one turn; results of tools stand first in it, where Anthropic wants them. */
function turnsOf(messages: Message[], context: BlockContext): Turn[] {
  const turns: Turn[] = [];
  let last: Turn | undefined;
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    if (last?.role !== role) {
      last = { role, results: [], blocks: [] };
      turns.push(last);
    }
    addToTurn(last, message, context);
  }
  return turns;
}

function contentOf(turn: Turn): string | JsonObject[] {
  const only = turn.blocks[0];
  const text =
    turn.results.length === 0 && turn.blocks.length === 1 && only?.['type'] === 'text'
      ? only['text']
      : undefined;
  if (typeof text === 'string' && only?.['cache_control'] === undefined) return text;
  return [...turn.results, ...turn.blocks];
}

/** An answer to be continued may not end in white space. */
function trimPrefill(messages: JsonObject[]): void {
  const last = messages.at(-1);
  if (last?.['role'] !== 'assistant') return;
  const { content } = last;
  if (typeof content === 'string') last['content'] = content.trimEnd();
  if (!Array.isArray(content)) return;
  const block = content.at(-1) as JsonObject | undefined;
  if (block?.['type'] === 'text') block['text'] = String(block['text']).trimEnd();
}

function encodeForeign(messages: Message[], leading: number, context: BlockContext): EncodedMessages {
  const system = messages.slice(0, leading).flatMap((message) => blocksOf(message.parts, context));
  const out: JsonObject[] = [];
  for (const turn of turnsOf(messages.slice(leading), context)) {
    if (turn.results.length === 0 && turn.blocks.length === 0) continue;
    const previous = out.at(-1);
    // A turn that was dropped as empty leaves two of one side beside each other.
    if (previous?.['role'] === turn.role)
      previous['content'] = [...asBlocks(previous['content']), ...turn.results, ...turn.blocks];
    else out.push({ role: turn.role, content: contentOf(turn) });
  }
  if (messages.length > 0 && out[0]?.['role'] !== 'user') {
    context.warn('messages', 'a conversation must begin with the user in this format; an opening was added');
    out.unshift({ role: 'user', content: OPENING });
  }
  trimPrefill(out);
  const only = system[0];
  const plain =
    system.length === 1 && only?.['cache_control'] === undefined && typeof only?.['text'] === 'string';
  return {
    system: system.length === 0 ? undefined : plain ? (only['text'] as string) : system,
    messages: out,
  };
}

function asBlocks(content: JsonObject[string]): JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : (content as JsonObject[]);
}

/**
 * Messages of the hub as Anthropic's. The system messages at the beginning become the `system` field. Later ones only
 * some models take as messages of their own, so those of another format are written into the user's turn instead.
 */
export function encodeMessages(messages: Message[], context: BlockContext): EncodedMessages {
  const leading = leadingSystem(messages);
  return context.same ? encodeSame(messages, leading, context) : encodeForeign(messages, leading, context);
}
