import { skipSpace } from './json-bytes.js';
import { standsAt } from './stands-at.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const TYPE = Buffer.from('"type"');
/** An event that says its type further behind is read whole. */
const MOST_MEMBERS = 8;

/**
 * The top-level `type` of a JSON event that is still bytes, read from its first members: OpenAI writes it first or
 * after the event's id. `''` when it has none, or none that can be told without parsing what stands before it.
 */
export function eventType(message: Buffer): string {
  let at = skipSpace(message, 0);
  if (message[at] !== OPEN_BRACE) return '';
  at = skipSpace(message, at + 1);
  for (let i = 0; i < MOST_MEMBERS && message[at] === QUOTE; i++) {
    const isType = standsAt(message, at, TYPE);
    const name = endOfPlainString(message, at);
    if (name < 0) break;
    const colon = skipSpace(message, name);
    if (message[colon] !== COLON) return '';
    const value = skipSpace(message, colon + 1);
    const end = endOfScalar(message, value);
    if (end < 0) break;
    if (isType) return message[value] === QUOTE ? message.toString('latin1', value + 1, end - 1) : '';
    const comma = skipSpace(message, end);
    if (message[comma] !== COMMA) return '';
    at = skipSpace(message, comma + 1);
  }
  return typeOfParsed(message);
}

/** After a string without escapes; -1 for any other. */
function endOfPlainString(message: Buffer, at: number): number {
  const end = message.indexOf(QUOTE, at + 1);
  return end < 0 || message[end - 1] === BACKSLASH ? -1 : end + 1;
}

/** After a plain string, a number or a word; -1 for anything that must be parsed to be passed by. */
function endOfScalar(message: Buffer, at: number): number {
  const first = message[at];
  if (first === QUOTE) return endOfPlainString(message, at);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return -1;
  let end = at;
  while (end < message.length && isScalarByte(message[end] as number)) end++;
  return end > at ? end : -1;
}

function isScalarByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    byte === 0x2d ||
    byte === 0x2b ||
    byte === 0x2e ||
    byte === 0x45
  );
}

/** Rare: the type stands after an object, or among strings with escapes. */
function typeOfParsed(message: Buffer): string {
  if (message.indexOf(TYPE) < 0) return '';
  try {
    const { type } = JSON.parse(message.toString('utf8')) as { type?: unknown };
    return typeof type === 'string' ? type : '';
  } catch {
    return '';
  }
}
