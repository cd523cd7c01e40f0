import type { JsonObject, Message, Part } from '@headgate/sdk';
import { type BlockContext, encodeInto } from './blocks-encode.js';

/** Said where a conversation does not begin with the user, which Converse requires. */
const OPENING = '(The conversation starts here.)';
/** Said beside a document that comes alone: Converse refuses a turn of documents without any text. */
const BESIDE_DOCUMENT = '(See the document.)';

export interface EncodedMessages {
  system: JsonObject[] | undefined;
  messages: JsonObject[];
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function blocksOf(parts: Part[], context: BlockContext): JsonObject[] {
  const blocks: JsonObject[] = [];
  for (const part of parts) encodeInto(blocks, part, context);
  return blocks;
}

/** A system prompt takes nothing but text. */
function systemBlocks(parts: Part[], context: BlockContext): JsonObject[] {
  const said = parts.filter((part) => {
    const fits = context.same || part.type === 'text' || part.type === 'refusal';
    if (!fits) context.warn('system', 'a system prompt can only hold text in this format');
    return fits;
  });
  return blocksOf(said, context);
}

/** The messages before the first one that is not a system message. */
function leadingSystem(messages: Message[]): number {
  const first = messages.findIndex((message) => !isSystem(message));
  return first < 0 ? messages.length : first;
}

/** A request that was made for this API is written as it came. */
function encodeSame(messages: Message[], leading: number, context: BlockContext): EncodedMessages {
  const parts = messages.slice(0, leading).flatMap((message) => message.parts);
  return {
    system: leading === 0 ? undefined : systemBlocks(parts, context),
    messages: messages.slice(leading).map((message) => ({
      ...message.extra,
      role: message.role === 'tool' ? 'user' : message.role === 'developer' ? 'system' : message.role,
      content: blocksOf(message.parts, context),
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
    typeof block['text'] === 'string' ? { text: `<system>\n${block['text']}\n</system>` } : block,
  );
}

function addToTurn(turn: Turn, message: Message, context: BlockContext): void {
  if (isSystem(message)) {
    turn.blocks.push(...systemInTurn(message, context));
    return;
  }
  for (const part of message.parts) {
    const media = part.type === 'image' || part.type === 'document' || part.type === 'audio';
    if (message.role === 'assistant' && media)
      context.warn('content', 'media of the assistant cannot be sent in this format');
    else encodeInto(part.type === 'tool-result' ? turn.results : turn.blocks, part, context);
  }
}

/** Consecutive messages of one side become one turn. Turns that say nothing are left out. */
function turnsOf(messages: Message[], context: BlockContext): Turn[] {
  const turns: Turn[] = [];
  for (const message of messages) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    const turn: Turn = last?.role === role ? last : { role, results: [], blocks: [] };
    addToTurn(turn, message, context);
    if (turn !== last && turn.results.length + turn.blocks.length > 0) turns.push(turn);
  }
  return turns;
}

/** Results of tools stand first, where Claude wants them, and a document never without a text. */
function contentOf(turn: Turn, context: BlockContext): JsonObject[] {
  const content = [...turn.results, ...turn.blocks];
  const documents = turn.blocks.some((block) => block['document'] !== undefined);
  if (documents && !turn.blocks.some((block) => block['text'] !== undefined)) {
    context.warn('messages', 'a document needs a text beside it in this format; one was added');
    content.push({ text: BESIDE_DOCUMENT });
  }
  return content;
}

/** Claude refuses an answer to be continued that ends in white space. */
function trimPrefill(messages: JsonObject[]): void {
  const last = messages.at(-1);
  const content = last?.['role'] === 'assistant' ? (last['content'] as JsonObject[]) : undefined;
  const block = content?.at(-1);
  if (typeof block?.['text'] === 'string') block['text'] = block['text'].trimEnd();
}

function encodeForeign(messages: Message[], leading: number, context: BlockContext): EncodedMessages {
  const system = messages.slice(0, leading).flatMap((message) => systemBlocks(message.parts, context));
  const out: JsonObject[] = turnsOf(messages.slice(leading), context).map((turn) => ({
    role: turn.role,
    content: contentOf(turn, context),
  }));
  if (messages.length > 0 && out[0]?.['role'] !== 'user') {
    context.warn('messages', 'a conversation must begin with the user in this format; an opening was added');
    out.unshift({ role: 'user', content: [{ text: OPENING }] });
  }
  trimPrefill(out);
  return { system: system.length === 0 ? undefined : system, messages: out };
}

/**
 * Messages of the hub as Converse's. The system messages at the beginning become the `system` field. Later ones only
 * some models take as messages of their own, so those of another format are written into the user's turn instead.
 */
export function encodeMessages(messages: Message[], context: BlockContext): EncodedMessages {
  const leading = leadingSystem(messages);
  return context.same ? encodeSame(messages, leading, context) : encodeForeign(messages, leading, context);
}
