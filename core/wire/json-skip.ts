import { type FieldSet, NO_FIELD } from './json-fields.js';

/**
 * Steps over JSON values in raw bytes. Every `skip…` takes the offset of the value's first byte and answers with the
 * offset just after the value, or one of the negative codes below. None of them recurses or allocates.
 */
export const UNTERMINATED = -1;
export const MALFORMED = -2;
export const TOO_DEEP = -3;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const SPACE = 0x20;

/** Escaped quotes closer together than this are sought by a loop. */
const DENSE = 6;

const PLAIN = 0;
const STRING = 1;
const OPEN = 2;
const CLOSE = 3;
const FOREIGN = 4;

/**
 * What a byte outside a string means to `skipContainer`. Bytes that no JSON value can hold outside a string are refused,
 * which keeps a lenient parser's comments and single quotes from hiding a member from us but not from the provider.
 */
const KIND = new Uint8Array(256).fill(FOREIGN);
for (const byte of Buffer.from(' \t\n\r,:-+.0123456789eEtrufalsn')) KIND[byte] = PLAIN;
KIND[QUOTE] = STRING;
KIND[OPEN_BRACE] = KIND[OPEN_BRACKET] = OPEN;
KIND[OPEN_BRACE + 2] = KIND[OPEN_BRACKET + 2] = CLOSE;

const TRUE = Buffer.from('true');
const FALSE = Buffer.from('false');
const NULL = Buffer.from('null');

/** The bracket byte that was opened at each depth. Shared by all scans, which never overlap: they are synchronous. */
let opened = new Uint8Array(512);

/** Keys that are looked for in what is stepped over, and where their ends are put. Of the running scan, as `opened`. */
let sought: FieldSet | null = null;
let found: number[] = [];
/** Last bytes of these keys, and from which length on a key may be one of them in disguise: most keys are told by that. */
const NO_ENDINGS = new Uint8Array(256);
let endings = NO_ENDINGS;
let longKey = Number.POSITIVE_INFINITY;

/** From now on the places of these keys are put into `into`; null: of none. */
export function seekInside(keys: FieldSet | null, into: number[]): void {
  sought = keys;
  found = into;
  endings = keys === null ? NO_ENDINGS : keys.endings;
  longKey = keys === null ? Number.POSITIVE_INFINITY : keys.shortestEscaped;
}

/** The string in [start, end) is a key, or has a space behind it as keys may. */
function meetKey(body: Buffer, start: number, end: number): void {
  const keys = sought as FieldSet;
  if (keys.lookUp(body, start + 1, end - 1) !== NO_FIELD || isEscapedKey(body, start, end, keys))
    found.push(end);
}

function isEscapedKey(body: Buffer, start: number, end: number, keys: FieldSet): boolean {
  if (end - start < keys.shortestEscaped) return false;
  let i = start + 1;
  while (i < end && body[i] !== BACKSLASH) i++;
  if (i === end) return false;
  try {
    return keys.lookUpText(JSON.parse(body.toString('utf8', start, end)) as string) !== NO_FIELD;
  } catch {
    return false;
  }
}

let stoppedAt = 0;

/** Offset of the trouble, after a skip that answered with a code. */
export function skipStoppedAt(): number {
  return stoppedAt;
}

/** Notes where a skip had to give up, and hands its code on. */
export function stopSkip(code: number, at: number): number {
  stoppedAt = at;
  return code;
}

export function skipSpace(body: Buffer, at: number): number {
  let i = at;
  while (i < body.length) {
    const byte = body[i]!;
    if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) break;
    i++;
  }
  return i;
}

/** Any value. `maxDepth` is how many brackets it may have open at once. */
export function skipValue(body: Buffer, at: number, maxDepth: number): number {
  if (at >= body.length) return stopSkip(UNTERMINATED, at);
  const byte = body[at]!;
  if (byte === QUOTE) return skipString(body, at);
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return skipContainer(body, at, maxDepth);
  if (byte === MINUS || isDigit(byte)) return skipNumber(body, at);
  if (byte === TRUE[0]) return skipLiteral(body, at, TRUE);
  if (byte === FALSE[0]) return skipLiteral(body, at, FALSE);
  if (byte === NULL[0]) return skipLiteral(body, at, NULL);
  return stopSkip(MALFORMED, at);
}

/** A string, found by its closing quote alone: what is inside, escapes and control characters, is not judged. */
export function skipString(body: Buffer, at: number): number {
  let from = at + 1;
  let quote = body.indexOf(QUOTE, from);
  while (quote >= 0) {
    if (body[quote - 1] !== BACKSLASH) return quote + 1;
    let before = quote - 2;
    while (before > at && body[before] === BACKSLASH) before--;
    if (((quote - before) & 1) === 1) return quote + 1;
    const dense = quote - from < DENSE;
    from = quote + 1;
    quote = dense ? nearQuote(body, from) : body.indexOf(QUOTE, from);
  }
  return stopSkip(UNTERMINATED, body.length);
}

/** `indexOf` for strings full of escaped quotes, where a call for every few bytes would cost more than JSON.parse. */
function nearQuote(body: Buffer, from: number): number {
  const near = Math.min(from + 2 * DENSE, body.length);
  for (let i = from; i < near; i++) if (body[i] === QUOTE) return i;
  return body.indexOf(QUOTE, near);
}

/** An object or array: its brackets must match, its strings end, and nothing foreign to JSON stand between them. */
function skipContainer(body: Buffer, at: number, maxDepth: number): number {
  if (maxDepth > opened.length) opened = new Uint8Array(maxDepth);
  const stack = opened;
  const length = body.length;
  let depth = 0;
  let i = at;
  while (i < length) {
    const byte = body[i]!;
    const kind = KIND[byte]!;
    if (kind === PLAIN) {
      do i++;
      while (i < length && KIND[body[i]!] === PLAIN);
    } else if (kind === STRING) {
      const start = i;
      i = skipString(body, start);
      if (i < 0) return i;
      if ((endings[body[i - 2]!] === 1 || i - start >= longKey) && (body[i] === COLON || body[i]! <= SPACE))
        meetKey(body, start, i);
    } else if (kind === OPEN) {
      if (depth >= maxDepth) return stopSkip(TOO_DEEP, i);
      stack[depth++] = byte;
      i++;
    } else if (kind === CLOSE) {
      // In ASCII each closing bracket is two above its opening one.
      if (stack[--depth] !== byte - 2) return stopSkip(MALFORMED, i);
      i++;
      if (depth === 0) return i;
    } else {
      return stopSkip(MALFORMED, i);
    }
  }
  return stopSkip(UNTERMINATED, length);
}

function skipNumber(body: Buffer, at: number): number {
  let i = body[at] === MINUS ? at + 1 : at;
  let next = body[i] === ZERO ? i + 1 : skipDigits(body, i);
  if (next === i) return stopNumber(body, i);
  i = next;
  if (body[i] === DOT) {
    next = skipDigits(body, i + 1);
    if (next === i + 1) return stopNumber(body, next);
    i = next;
  }
  if (i < body.length && (body[i]! | 0x20) === 0x65) {
    i++;
    if (body[i] === MINUS || body[i] === 0x2b) i++;
    next = skipDigits(body, i);
    if (next === i) return stopNumber(body, i);
    i = next;
  }
  return i;
}

function stopNumber(body: Buffer, at: number): number {
  return stopSkip(at < body.length ? MALFORMED : UNTERMINATED, at);
}

function skipDigits(body: Buffer, at: number): number {
  let i = at;
  while (i < body.length && isDigit(body[i]!)) i++;
  return i;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= 0x39;
}

function skipLiteral(body: Buffer, at: number, literal: Uint8Array): number {
  for (let i = 1; i < literal.length; i++) {
    if (at + i >= body.length) return stopSkip(UNTERMINATED, body.length);
    if (body[at + i] !== literal[i]) return stopSkip(MALFORMED, at + i);
  }
  return at + literal.length;
}
