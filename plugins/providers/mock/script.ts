/** What an answer of the mock may say. */
export const ACTS = ['hello', 'echo', 'long', 'reasoning', 'refuse', 'tool-call', 'play'] as const;
export type Act = (typeof ACTS)[number];

/** How the mock behaves for one request. */
export interface Script {
  act: Act;
  /** Status of the error to answer with, or 0. */
  error: number;
  /** Milliseconds before the head of the answer. */
  delayMs: number;
  /** Milliseconds between the pieces of a stream. */
  paceMs: number;
  /** After this many pieces send nothing more and stay open; -1: never. */
  stallAfter: number;
  /** After this many pieces the connection breaks, in the middle of the next one; -1: never. */
  cutAfter: number;
  /** After this many pieces a stream carries an error event of its API; -1: never. */
  errorAfter: number;
  /** Tokens that `long` writes. */
  tokens: number;
  /** Report half of the input as read from the provider's prompt cache. */
  cached: boolean;
}

const acts: ReadonlySet<string> = new Set(ACTS);
const marker = /\[mock:([a-z0-9+-]+)\]/;
const word = /^([a-z-]*[a-z])(?:-(\d{1,7}))?$/;

/**
 * Names understood, joined by `+`: an act, or `error-429` (any of 400–599), `slow-MS`, `pace-MS`, `stall-PIECES`,
 * `cut-PIECES`, `stream-error-PIECES`, `cached`; `long-TOKENS`. `play` does what the last user message says, see play.ts. They are read from the model's name (`mock/slow-50+echo`)
 * and, for clients that cannot choose it, from `[mock:slow-50+echo]` in the last user message. Anything else is `hello`.
 */
export function scriptOf(model: string, lastUserText: string): Script {
  const script: Script = {
    act: 'hello',
    error: 0,
    delayMs: 0,
    paceMs: 0,
    stallAfter: -1,
    cutAfter: -1,
    errorAfter: -1,
    tokens: 2000,
    cached: false,
  };
  for (const name of model.replace(/^mock\//, '').split('+')) apply(script, name);
  const inText = marker.exec(lastUserText)?.[1];
  if (inText) for (const name of inText.split('+')) apply(script, name);
  return script;
}

function apply(script: Script, text: string): void {
  const match = word.exec(text);
  if (!match) return;
  const name = match[1] as string;
  const given = match[2] === undefined ? undefined : Number(match[2]);
  if (acts.has(name)) script.act = name as Act;
  if (name === 'long' && given !== undefined) script.tokens = given;
  else if (name === 'error' && given !== undefined && given >= 400 && given <= 599) script.error = given;
  else if (name === 'slow') script.delayMs = given ?? 1000;
  else if (name === 'pace') script.paceMs = given ?? 20;
  else if (name === 'stall') script.stallAfter = given ?? 5;
  else if (name === 'cut') script.cutAfter = given ?? 5;
  else if (name === 'stream-error') script.errorAfter = given ?? 5;
  else if (name === 'cached') script.cached = true;
}
