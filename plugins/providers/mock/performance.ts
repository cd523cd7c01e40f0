import type { JsonValue } from '@headgate/sdk';
import { playedTurn } from './play.js';
import { instanceOf } from './schema-instance.js';
import type { Script } from './script.js';
import { countTokens, tokensOf } from './tokens.js';

/** A tool that the request offers. */
export interface Tool {
  name: string;
  schema: JsonValue | undefined;
}

/** What the request asks of the model, without the words of any API. */
export interface Prompt {
  lastUserText: string;
  /** The last user message that has a text, and how often the model has spoken since. */
  play: { text: string; turn: number };
  /** Text of the tool results that the conversation ends with, or null when it ends otherwise. */
  toolResult: string | null;
  tools: Tool[];
  toolChoice: 'auto' | 'none' | 'any' | { name: string };
  parallelTools: boolean;
  /** JSON Schema that the answer's text must fit, `true` for any JSON object. */
  json: JsonValue | true | undefined;
  /** The request itself asks for visible reasoning. */
  thinking: boolean;
  maxTokens: number | undefined;
  stop: string[];
}

/** What the model does, in tokens. */
export interface Performance {
  reasoning: string[];
  text: string[];
  refused: boolean;
  calls: { name: string; json: string }[];
  ended: 'done' | 'length' | 'tools' | { stop: string };
  outputTokens: number;
}

const hello =
  "Hello! I am Headgate's mock model. I need no key and no network, and I always answer the same.";
const thoughts =
  'The user asks something. I recall what I know about it, check it, and then answer in one sentence.';
const sorry = "I'm sorry, but I can't help with that.";

/** Works out what the mock says to a prompt under a script. */
export function perform(prompt: Prompt, script: Script): Performance {
  const calls = toolCalls(prompt, script);
  const refused = script.act === 'refuse';
  let reasoning = prompt.thinking || script.act === 'reasoning' ? tokensOf(thoughts) : [];
  let said = calls.length > 0 ? '' : words(prompt, script);
  const cut = said === '' ? null : firstStop(said, prompt.stop);
  if (cut) said = said.slice(0, cut.at);
  let text =
    script.act === 'long' && !cut && !prompt.json && calls.length === 0
      ? many(script.tokens)
      : tokensOf(said);

  const room = prompt.maxTokens ?? Number.POSITIVE_INFINITY;
  const tooLong = reasoning.length + text.length > room;
  if (tooLong) {
    reasoning = reasoning.slice(0, room);
    text = text.slice(0, room - reasoning.length);
  }
  const ended = calls.length > 0 ? 'tools' : tooLong ? 'length' : cut ? { stop: cut.stop } : 'done';
  const called = calls.reduce((sum, call) => sum + countTokens(call.name) + countTokens(call.json), 0);
  return { reasoning, text, refused, calls, ended, outputTokens: reasoning.length + text.length + called };
}

function words(prompt: Prompt, script: Script): string {
  if (script.act === 'refuse') return sorry;
  if (prompt.json !== undefined)
    return JSON.stringify(prompt.json === true ? { answer: hello } : instanceOf(prompt.json));
  if (script.act === 'play') return playedTurn(prompt.play.text, prompt.play.turn, prompt.toolResult).text;
  if (script.act === 'echo') return prompt.lastUserText || '(the last user message holds no text)';
  if (prompt.toolResult !== null) return `The tool answered: ${prompt.toolResult}`;
  if (script.act === 'tool-call' && prompt.tools.length === 0)
    return 'The request offers no tool that I could call.';
  return hello;
}

/** One call of each offered tool, or of one; none once the results are there, so that agent loops end. */
function toolCalls(prompt: Prompt, script: Script): { name: string; json: string }[] {
  const { toolChoice, tools, play } = prompt;
  if (script.act === 'play') return playedTurn(play.text, play.turn, prompt.toolResult).calls;
  const forced = toolChoice === 'any' || typeof toolChoice === 'object';
  const wanted = forced || (script.act === 'tool-call' && prompt.toolResult === null);
  if (!wanted || toolChoice === 'none' || script.act === 'refuse') return [];
  const chosen =
    typeof toolChoice === 'object' ? tools.filter((tool) => tool.name === toolChoice.name) : tools;
  const called = prompt.parallelTools && script.act === 'tool-call' ? chosen : chosen.slice(0, 1);
  return called.map((tool) => ({
    name: tool.name,
    json: JSON.stringify(instanceOf(tool.schema ?? { type: 'object' })),
  }));
}

function firstStop(text: string, stops: readonly string[]): { at: number; stop: string } | null {
  let first: { at: number; stop: string } | null = null;
  for (const stop of stops) {
    const at = stop === '' ? -1 : text.indexOf(stop);
    if (at >= 0 && (first === null || at < first.at)) first = { at, stop };
  }
  return first;
}

const many = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => (i === 0 ? 'word' : ` word`));
