import type { JsonObject, Message, Part } from '@headgate/sdk';
import type { ModelTraits } from './model-traits.js';
import { encodeParts, type PartContext } from './parts-encode.js';

/** Said where a conversation does not begin with the user, as Gemini wants it where functions are called. */
const OPENING = '(The conversation starts here.)';
/** Google's own word for calls that Gemini did not make: https://ai.google.dev/gemini-api/docs/thought-signatures */
const NOT_SIGNED = 'skip_thought_signature_validator';

export interface EncodedContents {
  systemInstruction: JsonObject | undefined;
  contents: JsonObject[];
}

function isSystem(message: Message): boolean {
  return message.role === 'system' || message.role === 'developer';
}

function leadingSystem(messages: Message[]): number {
  const first = messages.findIndex((message) => !isSystem(message));
  return first === -1 ? messages.length : first;
}

/** A request that was made for this API is written as it came. */
function encodeSame(messages: Message[], leading: number, context: PartContext): EncodedContents {
  const system = messages.slice(0, leading);
  const after: JsonObject[] = [];
  const contents = messages.slice(leading).map((message): JsonObject => {
    const role = message.role === 'assistant' ? 'model' : message.role === 'tool' ? 'function' : 'user';
    return { role, ...message.extra, parts: encodeParts(message.parts, context, after) };
  });
  if (leading === 0) return { systemInstruction: undefined, contents };
  const parts = encodeParts(
    system.flatMap((message) => message.parts),
    context,
    after,
  );
  return { systemInstruction: { ...system[0]?.extra, parts }, contents };
}

/** Consecutive messages of one side. */
interface Turn {
  role: 'user' | 'model';
  /** Results of functions, in the order of the calls. */
  results: { order: number; json: JsonObject }[];
  parts: JsonObject[];
}

class ForeignContents {
  private readonly turns: Turn[] = [];
  /** Place of each call in the last turn of the model. */
  private order = new Map<string, number>();

  constructor(private readonly context: PartContext) {}

  private turn(role: Turn['role']): Turn {
    const last = this.turns.at(-1);
    if (last?.role === role) return last;
    const turn: Turn = { role, results: [], parts: [] };
    this.turns.push(turn);
    if (role === 'model') this.order = new Map();
    return turn;
  }

  /** Instructions in the middle of a conversation keep their place, marked as what they are. */
  private system(message: Message): void {
    this.context.warn(
      'messages',
      'a system message in the middle of the conversation is sent as marked text of the user turn',
    );
    const parts = encodeParts(message.parts, this.context, []);
    for (const json of parts)
      this.turn('user').parts.push(
        typeof json['text'] === 'string' ? { ...json, text: `<system>\n${json['text']}\n</system>` } : json,
      );
  }

  add(message: Message): void {
    if (isSystem(message)) {
      this.system(message);
      return;
    }
    const turn = this.turn(message.role === 'assistant' ? 'model' : 'user');
    const rest: Part[] = [];
    const after: JsonObject[] = [];
    for (const part of message.parts) {
      if (part.type === 'tool-call') this.order.set(part.id, this.order.size);
      if (part.type === 'tool-result' && turn.role === 'user') {
        const order = this.order.get(part.callId) ?? Number.MAX_SAFE_INTEGER;
        for (const json of encodeParts([part], this.context, after)) turn.results.push({ order, json });
      } else rest.push(part);
    }
    turn.parts.push(...after, ...encodeParts(rest, this.context, after));
  }

  contents(): JsonObject[] {
    const out: JsonObject[] = [];
    for (const { role, results, parts } of this.turns) {
      results.sort((a, b) => a.order - b.order);
      if (results.length > 0) out.push({ role, parts: results.map((one) => one.json) });
      if (parts.length > 0) out.push({ role, parts });
    }
    return out;
  }
}

function holds(content: JsonObject, member: string): JsonObject | undefined {
  return (content['parts'] as JsonObject[]).find((part) => part[member] !== undefined);
}

/**
 * Newer models refuse a call of the turn that goes on when its signature is missing: the first one of every content
 * after the user last spoke.
 */
function signCalls(contents: JsonObject[], context: PartContext): void {
  for (let i = contents.length - 1; i >= 0; i--) {
    const content = contents[i] as JsonObject;
    if (content['role'] === 'user') {
      if (holds(content, 'functionResponse') === undefined) return;
      continue;
    }
    const call = holds(content, 'functionCall');
    if (call === undefined || call['thoughtSignature'] !== undefined) continue;
    call['thoughtSignature'] = NOT_SIGNED;
    context.warn(
      'reasoning',
      'the signature of an earlier tool call is missing; the model goes on without its thoughts',
    );
  }
}

function encodeForeign(
  messages: Message[],
  leading: number,
  context: PartContext,
  traits: ModelTraits,
): EncodedContents {
  const system = messages.slice(0, leading);
  const parts = system.flatMap((message) => encodeParts(message.parts, context, []));
  const foreign = new ForeignContents(context);
  for (const message of messages.slice(leading)) foreign.add(message);
  const contents = foreign.contents();
  if (messages.length > 0 && contents[0]?.['role'] !== 'user') {
    context.warn('messages', 'a conversation must begin with the user in this format; an opening was added');
    contents.unshift({ role: 'user', parts: [{ text: OPENING }] });
  }
  if (traits.signsCalls) signCalls(contents, context);
  return { systemInstruction: parts.length === 0 ? undefined : { parts }, contents };
}

/** Names of the functions by the ids of their calls, which a result does not say in other formats. */
export function callNames(messages: Message[]): (callId: string) => string | undefined {
  const names = new Map<string, string>();
  for (const message of messages) {
    for (const part of message.parts) {
      if (part.type === 'tool-call') names.set(part.id, part.name);
      else if (part.type === 'tool-result' && message.name !== undefined && !names.has(part.callId))
        names.set(part.callId, message.name);
    }
  }
  return (callId) => names.get(callId);
}

/** The system messages at the beginning become `systemInstruction`, all others `contents`. */
export function encodeContents(
  messages: Message[],
  context: PartContext,
  traits: ModelTraits,
): EncodedContents {
  const leading = leadingSystem(messages);
  return context.same
    ? encodeSame(messages, leading, context)
    : encodeForeign(messages, leading, context, traits);
}
