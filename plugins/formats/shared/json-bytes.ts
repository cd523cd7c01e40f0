/**
 * Looks into JSON that is still bytes. Everything rests on one fact: inside a JSON string a quote is always written
 * `\"`, so a quote with no backslash before it opens or closes a string, and `"usage"` with two such quotes is a
 * whole string of the document, never a piece of somebody's text.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** The first offset from `at` that holds no white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  while (isSpace(bytes[at])) at++;
  return at;
}

/**
 * If the string that starts at `at` and is `length` bytes long (quotes included) is the name of a member, the offset
 * of its value; otherwise -1.
 */
export function valueOfKeyAt(bytes: Buffer, at: number, length: number): number {
  const colon = skipSpace(bytes, at + length);
  if (bytes[colon] !== COLON) return -1;
  let before = at - 1;
  while (before >= 0 && isSpace(bytes[before])) before--;
  // A name follows `{` or `,`. Anything else, a backslash above all, means that this is the tail of another string.
  if (bytes[before] !== OPEN_BRACE && bytes[before] !== COMMA) return -1;
  return skipSpace(bytes, colon + 1);
}

/** A string of this length is looked through here; a call of the native search only pays for longer ones. */
const SHORT_STRING = 48;

/** The offset after the string whose opening quote is at `at`, or -1 when it never ends. */
function endOfString(bytes: Buffer, at: number): number {
  const near = Math.min(bytes.length, at + SHORT_STRING);
  let i = at + 1;
  for (; i < near; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i + 1;
    if (byte === BACKSLASH) i++;
  }
  let quote = bytes.indexOf(QUOTE, i);
  while (quote !== -1) {
    let slash = quote - 1;
    while (slash >= i && bytes[slash] === BACKSLASH) slash--;
    if ((quote - 1 - slash) % 2 === 0) return quote + 1;
    quote = bytes.indexOf(QUOTE, quote + 1);
  }
  return -1;
}

/** An object longer than this is no usage; the limit keeps hostile bytes from being scanned again and again. */
const LONGEST_OBJECT = 16_384;

/** The offset after the object that opens at `at`, or -1 when it is no object, never ends or is too long. */
function endOfObject(bytes: Buffer, at: number, longest = LONGEST_OBJECT): number {
  if (bytes[at] !== OPEN_BRACE) return -1;
  const limit = Math.min(bytes.length, at + longest);
  let depth = 0;
  for (let i = at; i < limit; ) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
      if (i === -1) return -1;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return i + 1;
    i++;
  }
  return -1;
}

/** How many more objects and arrays are closed than opened between two offsets outside of strings; NaN if broken. */
export function closedBetween(bytes: Buffer, from: number, to: number): number {
  let closed = 0;
  for (let i = from; i < to; ) {
    const byte = bytes[i];
    if (byte === QUOTE) {
      i = endOfString(bytes, i);
      if (i === -1) return Number.NaN;
      continue;
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) closed--;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) closed++;
    i++;
  }
  return closed;
}

/** The object that opens at `at`, parsed; undefined when the bytes are none, or more than `longest`. */
export function objectFrom(bytes: Buffer, at: number, longest?: number): Record<string, unknown> | undefined {
  const end = endOfObject(bytes, at, longest);
  return end === -1 ? undefined : parsed(bytes, at, end);
}

function parsed(bytes: Buffer, at: number, end: number): Record<string, unknown> | undefined {
  try {
    return JSON.parse(bytes.toString('utf8', at, end)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/**
 * The object under a top-level name of a JSON document, found from its end: answers carry `usage` last, so that even
 * a body of many megabytes costs one short search. A namesake that is deeper in the document is passed over: after a
 * top-level value exactly one brace is still to be closed. Each byte is looked at once. `key` is the name in quotes.
 */
export function topLevelObject(body: Buffer, key: Buffer): Record<string, unknown> | undefined {
  /** Closed from `scanned` to the end of the document. */
  let depth = 0;
  let scanned = body.length;
  for (let at = body.lastIndexOf(key); at !== -1; at = at === 0 ? -1 : body.lastIndexOf(key, at - 1)) {
    const value = valueOfKeyAt(body, at, key.length);
    if (value === -1) continue;
    const end = endOfObject(body, value);
    // What is no object, or reaches over the part that was looked at, is counted through as text.
    const after = end === -1 || end > scanned ? value : end;
    depth += closedBetween(body, after, scanned);
    scanned = value;
    if (Number.isNaN(depth)) return undefined;
    if (depth === 1 && after === end) return parsed(body, value, end);
  }
  return undefined;
}
