import type { AnswerWords, CanonicalResponse, FinishFinder, StreamEvent } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';

/** Most bytes of an answer that are searched for calls of tools that nothing else points to. */
const SEARCHED_BYTES = 64 * 1024;
/** Most bytes between a call and its name, and of a name or a reason. */
const NEAR_BYTES = 512;
const MOST_WORD = 64;
const MOST_TOOLS = 32;

const NAME = Buffer.from('"name"');
const COLON = 0x3a;
const QUOTE = 0x22;
const SPACE = 0x20;

/** Names of members as they stand in the bytes of a format's answers, and what finds why these ended. */
export interface SaidIn {
  readonly finish: FinishFinder;
  readonly calls: readonly Buffer[];
}

export function saidIn(words: AnswerWords): SaidIn {
  const quoted = (names: readonly string[]): Buffer[] => names.map((name) => Buffer.from(`"${name}"`));
  const { finish, calls } = words;
  return { finish: 'whole' in finish ? finish : memberFinder(quoted(finish)), calls: quoted(calls) };
}

function memberFinder(names: readonly Buffer[]): FinishFinder {
  const find = (bytes: Buffer): string => lastWord(bytes, names);
  return { whole: find, events: find };
}

/** Why a whole answer ended and which tools it calls, found in its bytes. */
export function noteWhole(x: Exchange, body: Buffer): void {
  const { said } = x.endpoint;
  if (said === null) return;
  x.finish = said.finish.whole(body);
  if (!mayCall(x)) return;
  if (body.length <= SEARCHED_BYTES || /tool|function/i.test(x.finish)) noteCalls(x, body);
}

/** Where a request offers tools, in whatever format; a prompt that the provider keeps may have some of its own. */
const OFFERS = ['"tools"', '"functions"', '"prompt"'].map((name) => Buffer.from(name));

/** Whether the answer can call tools: none that nobody offered. Asked once a request, so that not each event is searched. */
export function mayCall(x: Exchange): boolean {
  if (x.endpoint.said === null) return false;
  const { body } = x.incoming;
  if (x.edited || body.streamed || body.bytes.length > SEARCHED_BYTES) return true;
  return OFFERS.some((name) => body.bytes.includes(name));
}

/** Which tools these bytes call. */
export function noteCalls(x: Exchange, bytes: Buffer): void {
  const { said } = x.endpoint;
  if (said === null) return;
  for (const call of said.calls) {
    for (let at = bytes.indexOf(call); at !== -1; at = bytes.indexOf(call, at + call.length)) {
      // A name is the member next to it, or of the object in it.
      const name = bytes.indexOf(NAME, at + call.length);
      if (name === -1 || name - at > NEAR_BYTES) continue;
      addTool(x, wordAt(bytes, name + NAME.length));
    }
  }
}

/** The last reason in these bytes; `''` when they say none. */
function lastWord(bytes: Buffer, names: readonly Buffer[]): string {
  for (const name of names) {
    for (let at = bytes.lastIndexOf(name); at !== -1; at = at === 0 ? -1 : bytes.lastIndexOf(name, at - 1)) {
      const word = wordAt(bytes, at + name.length);
      if (word !== '') return word;
    }
  }
  return '';
}

/** The same of an answer in the hub. */
export function noteResponse(x: Exchange, { choices }: CanonicalResponse): void {
  for (const { finish, finishRaw, parts } of choices) {
    x.finish = finishRaw ?? finish ?? '';
    for (const part of parts) if (part.type === 'tool-call') addTool(x, part.name);
  }
}

/** The same of an event in the hub. */
export function noteEvent(x: Exchange, event: StreamEvent): void {
  if (event.type === 'finish') x.finish = event.raw ?? event.reason;
  else if (event.type === 'part-start' && event.toolName !== undefined) addTool(x, event.toolName);
}

function addTool(x: Exchange, name: string): void {
  if (name === '' || x.tools.includes(name) || x.tools.length >= MOST_TOOLS) return;
  x.tools = [...x.tools, name.slice(0, MOST_WORD)];
}

/** The short text that is the value of a member whose name ends before `at`; `''` when it is something else. */
function wordAt(bytes: Buffer, at: number): string {
  let i = at;
  while (bytes[i] === SPACE) i++;
  if (bytes[i] !== COLON) return '';
  i++;
  while (bytes[i] === SPACE) i++;
  if (bytes[i] !== QUOTE) return '';
  const end = bytes.indexOf(QUOTE, i + 1);
  return end === -1 || end - i > MOST_WORD + 1 ? '' : bytes.toString('utf8', i + 1, end);
}
