import type {
  CanonicalResponse,
  Choice,
  FinishReason,
  JsonObject,
  JsonValue,
  Part,
  ReasoningPart,
  ResponseCodec,
  ToolCallPart,
  Usage,
} from '@headgate/sdk';
import { emptyUsage, MalformedBody } from '@headgate/sdk';
import { decodeCalls, encodeCall } from './ollama-calls.js';
import * as read from './read-json.js';
import { detailsOf, joinedThoughts, partsOfDetails } from './reasoning-details.js';

/** Where the two APIs say the answer: `{ message: { content } }` (chat), or `{ response }` (generate). */
export interface OllamaShape {
  /** Wire format id. */
  readonly format: string;
  readonly text: 'content' | 'response';
  /** The text, the thinking and the calls stand in `message`. */
  readonly nested: boolean;
}

const OUTER_KEYS = [
  'model',
  'created_at',
  'done',
  'done_reason',
  'prompt_eval_count',
  'eval_count',
  'logprobs',
];
const SAID_KEYS = ['role', 'thinking', 'tool_calls', 'reasoning_details'];

/** Members of an answer, or of a chunk, that the hub has names for: those around what is said, and those of it. */
export function answerKeys({ text, nested }: OllamaShape): { outer: Set<string>; said: Set<string> } {
  const said = new Set([...SAID_KEYS, text]);
  return { outer: new Set([...OUTER_KEYS, ...(nested ? ['message'] : said)]), said };
}

export function saidOf(body: JsonObject, { nested }: OllamaShape): JsonObject {
  if (!nested) return body;
  return read.isObject(body['message']) ? body['message'] : {};
}

/** The digits of a time in nanoseconds; answers have no id, and this tells one from another. */
export function stampOf(createdAt: JsonValue | undefined): string {
  return read.stringOr(createdAt, '').replace(/\D/g, '');
}

export function answerId(stamp: string): string {
  return stamp === '' ? 'ollama' : `ollama-${stamp}`;
}

export function callId(stamp: string, number: number): string {
  return stamp === '' ? `ollama_call_${number}` : `ollama_call_${stamp}_${number}`;
}

/** Unix seconds of `created_at`; now when it says no time. */
export function secondsOf(createdAt: JsonValue | undefined): number {
  const at = Date.parse(read.stringOr(createdAt, ''));
  return Math.floor((Number.isNaN(at) ? Date.now() : at) / 1000);
}

/** Models stop with `stop` after a call too. `load` and `unload` answer a request that asked nothing. */
export function finishOf(raw: string | undefined, called: boolean): FinishReason {
  if (raw === 'length') return 'length';
  if (raw !== undefined && raw !== '' && raw !== 'stop') return 'other';
  return called ? 'tool-calls' : 'stop';
}

export function finishWord(reason: FinishReason, raw: string | undefined, same: boolean): string {
  if (same && raw !== undefined) return raw;
  return reason === 'length' ? 'length' : 'stop';
}

export function usageFrom(body: JsonObject): Usage | null {
  const input = body['prompt_eval_count'];
  const output = body['eval_count'];
  if (typeof input !== 'number' && typeof output !== 'number') return null;
  const usage = emptyUsage();
  usage.inputTokens = read.count(input);
  usage.outputTokens = read.count(output);
  return usage;
}

export function usageMembers(usage: Usage | null): JsonObject {
  return usage === null ? {} : { prompt_eval_count: usage.inputTokens, eval_count: usage.outputTokens };
}

/** Log probabilities stand in the hub under `content`, as those of other APIs, so that a stream's can be joined. */
export function logprobsOf(body: JsonObject): JsonObject | undefined {
  const list = body['logprobs'];
  return Array.isArray(list) && list.length > 0 ? { content: list } : undefined;
}

export function logprobsList(logprobs: JsonValue | undefined): JsonValue[] | undefined {
  const list = read.isObject(logprobs) ? logprobs['content'] : undefined;
  return Array.isArray(list) ? list : undefined;
}

/** What the model said: thinking, text, calls. */
function partsOf(said: JsonObject, shape: OllamaShape, stamp: string): Part[] {
  const path = shape.nested ? 'message' : '';
  const parts: Part[] = partsOfDetails(said['reasoning_details']);
  const thinking = read.stringOr(said['thinking'], '');
  if (parts.length === 0 && thinking !== '') parts.push({ type: 'reasoning', text: thinking });
  const text = read.optString(said, shape.text, path) ?? '';
  if (text !== '') parts.push({ type: 'text', text });
  parts.push(...decodeCalls(said, path, (number) => callId(stamp, number)));
  return parts;
}

function decode(body: JsonObject, shape: OllamaShape): CanonicalResponse {
  const said = shape.nested ? read.needObject(body, 'message', '') : body;
  if (typeof said[shape.text] !== 'string' && body['done'] === undefined)
    throw new MalformedBody(`'${shape.text}' must be a string`, shape.text);
  const keys = answerKeys(shape);
  const createdAt = body['created_at'];
  const stamp = stampOf(createdAt);
  const raw = read.optString(body, 'done_reason', '');
  const parts = partsOf(said, shape, stamp);
  const called = parts.some((part) => part.type === 'tool-call');
  const choice: Choice = { index: 0, parts, finish: body['done'] === false ? null : finishOf(raw, called) };
  if (raw !== undefined) choice.finishRaw = raw;
  const logprobs = logprobsOf(body);
  if (logprobs !== undefined) choice.logprobs = logprobs;
  let extra = read.extraOf(body, keys.outer);
  const inner = shape.nested ? read.extraOf(said, keys.said) : undefined;
  if (inner !== undefined) extra = { ...extra, message: inner };
  if (extra !== undefined) choice.extra = extra;
  const response: CanonicalResponse = {
    origin: shape.format,
    id: answerId(stamp),
    model: read.stringOr(body['model'], ''),
    created: secondsOf(createdAt),
    choices: [choice],
    usage: usageFrom(body),
  };
  // The hub keeps seconds; the original has more.
  if (typeof createdAt === 'string') response.extra = { created_at: createdAt };
  return response;
}

/** Pictures of an answer: all of a message, or the one that a generated answer has. Data is base64. */
export function imageMembers(images: string[], { nested }: OllamaShape): JsonObject {
  const last = images.at(-1);
  if (last === undefined) return {};
  return nested ? { images } : { image: last };
}

/** `message`, or what of it stands in the answer itself. */
function encodeSaid(choice: Choice | undefined, shape: OllamaShape, same: boolean): JsonObject {
  let text = '';
  const thoughts: ReasoningPart[] = [];
  const calls: ToolCallPart[] = [];
  const images: string[] = [];
  for (const part of choice?.parts ?? []) {
    if (part.type === 'text' || part.type === 'refusal') text += part.text;
    else if (part.type === 'reasoning') thoughts.push(part);
    else if (part.type === 'tool-call') calls.push(part);
    else if (part.type === 'image' && part.source.kind === 'base64') images.push(part.source.data);
  }
  const said: JsonObject = { [shape.text]: text, ...imageMembers(images, shape) };
  const thinking = joinedThoughts(thoughts);
  if (thinking !== '') said['thinking'] = thinking;
  const details = detailsOf(thoughts);
  if (details !== undefined) said['reasoning_details'] = details;
  if (calls.length > 0) said['tool_calls'] = calls.map((call, i) => encodeCall(call, same, i));
  return said;
}

/** `created_at` of an answer: as it came, or made from the hub's seconds; now, where a provider's are no time at all. */
export function createdAtOf(created: number, extra: JsonObject | undefined): string {
  const kept = extra?.['created_at'];
  if (typeof kept === 'string') return kept;
  const date = new Date(created * 1000);
  return (Number.isNaN(date.getTime()) ? new Date() : date).toISOString();
}

function encode(response: CanonicalResponse, shape: OllamaShape): JsonObject {
  const same = response.origin === shape.format;
  const choice = response.choices[0];
  const { message, ...extra } = (same ? choice?.extra : undefined) ?? {};
  const said = encodeSaid(choice, shape, same);
  const body: JsonObject = {
    model: response.model,
    created_at: createdAtOf(response.created, same ? response.extra : undefined),
    ...(shape.nested
      ? { message: { role: 'assistant', ...said, ...(read.isObject(message) ? message : {}) } }
      : said),
    done: choice === undefined || choice.finish !== null,
  };
  if (choice !== undefined && choice.finish !== null && (!same || choice.finishRaw !== undefined))
    body['done_reason'] = finishWord(choice.finish, choice.finishRaw, same);
  Object.assign(body, extra, usageMembers(response.usage));
  const logprobs = same ? logprobsList(choice?.logprobs) : undefined;
  if (logprobs !== undefined) body['logprobs'] = logprobs;
  return body;
}

export function ollamaResponse(shape: OllamaShape): ResponseCodec {
  return { decode: (body) => decode(body, shape), encode: (response) => encode(response, shape) };
}
