import type { Meter, StreamMeter, Usage } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { closedBetween, valueOfKeyAt } from './json-bytes.js';

/** Metering for `/api/chat` and `/api/generate`: the counts stand at the top of the answer, or of the last line. */

const INPUT = Buffer.from('"prompt_eval_count"');
const OUTPUT = Buffer.from('"eval_count"');
const DONE = Buffer.from('"done"');
/** As servers write it, with and without a space. */
const DONE_TRUE = ['"done":true', '"done": true'].map((text) => Buffer.from(text));
const ERROR = Buffer.from('"error"');
/** Members that carry an answer: a non-empty string or list under one of them is content. */
const CONTENT = ['"content"', '"response"', '"thinking"', '"tool_calls"'].map((key) => Buffer.from(key));
const LF = 0x0a;
const QUOTE = 0x22;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LETTER_T = 0x74;

/**
 * The offset of the value of a top-level member of the document at [start, end), or -1. Looked for from the end, where
 * it mostly stands; a namesake deeper down, in the arguments of a tool call, is passed over.
 */
function topLevelValue(bytes: Buffer, key: Buffer, start: number, end: number): number {
  for (
    let at = bytes.lastIndexOf(key, end - 1);
    at >= start;
    at = at === 0 ? -1 : bytes.lastIndexOf(key, at - 1)
  ) {
    const value = valueOfKeyAt(bytes, at, key.length);
    // After the name of a top-level member exactly one brace is still to be closed.
    if (value !== -1 && closedBetween(bytes, value, end) === 1) return value;
  }
  return -1;
}

function numberAt(bytes: Buffer, at: number): number {
  let value = 0;
  for (let i = at; at !== -1 && i < at + 15; i++) {
    const digit = (bytes[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    value = value * 10 + digit;
  }
  return value;
}

function usageOf(bytes: Buffer, start: number, end: number): Usage | null {
  const input = topLevelValue(bytes, INPUT, start, end);
  const output = topLevelValue(bytes, OUTPUT, start, end);
  if (input === -1 && output === -1) return null;
  const usage = emptyUsage();
  usage.inputTokens = numberAt(bytes, input);
  usage.outputTokens = numberAt(bytes, output);
  return usage;
}

function hasContent(lines: Buffer): boolean {
  for (const key of CONTENT)
    for (let at = lines.indexOf(key); at !== -1; at = lines.indexOf(key, at + key.length)) {
      const value = valueOfKeyAt(lines, at, key.length);
      if (value === -1) continue;
      const next = lines[value + 1];
      if (lines[value] === QUOTE && next !== QUOTE) return true;
      if (lines[value] === OPEN_BRACKET && next !== CLOSE_BRACKET) return true;
    }
  return false;
}

class OllamaStreamMeter implements StreamMeter {
  finished = false;
  started = false;
  private last: Usage | null = null;
  private tail: Buffer | null = null;

  /** An error is a line of its own, which has no answer in it. */
  get failed(): boolean {
    const lines = this.tail;
    if (lines === null) return false;
    const at = lines.lastIndexOf(ERROR);
    if (at === -1) return false;
    return topLevelValue(lines, ERROR, lineStart(lines, at), lineEnd(lines, at)) !== -1;
  }

  usage(): Usage | null {
    return this.last;
  }

  push(lines: Buffer): Buffer {
    this.tail = lines;
    if (!this.started) this.started = hasContent(lines);
    if (!this.finished) for (const spelling of DONE_TRUE) this.lookForEnd(lines, spelling);
    return lines;
  }

  /** One native search a spelling in most chunks. A model may well call a tool with `{"done":true}`. */
  private lookForEnd(lines: Buffer, spelling: Buffer): void {
    for (let at = lines.lastIndexOf(spelling); at !== -1; ) {
      const start = lineStart(lines, at);
      const end = lineEnd(lines, at);
      const value = topLevelValue(lines, DONE, start, end);
      if (value !== -1 && lines[value] === LETTER_T) {
        this.finished = true;
        this.last = usageOf(lines, start, end);
        return;
      }
      at = start === 0 ? -1 : lines.lastIndexOf(spelling, start - 1);
    }
  }
}

function lineStart(lines: Buffer, at: number): number {
  return at === 0 ? 0 : lines.lastIndexOf(LF, at - 1) + 1;
}

function lineEnd(lines: Buffer, at: number): number {
  const end = lines.indexOf(LF, at);
  return end === -1 ? lines.length : end;
}

export const ollamaMeter: Meter = {
  body: (body) => (body.length === 0 ? null : usageOf(body, 0, body.length)),
  stream: () => new OllamaStreamMeter(),
};
