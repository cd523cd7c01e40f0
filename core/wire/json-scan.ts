import { asBuffer } from './as-buffer.js';
import { type FieldSet, lookAlike, NO_FIELD } from './json-fields.js';
import {
  MALFORMED,
  seekInside,
  skipSpace,
  skipStoppedAt,
  skipString,
  skipValue,
  stopSkip,
  TOO_DEEP,
  UNTERMINATED,
} from './json-skip.js';
import type { FieldSpans } from './json-spans.js';

/**
 * What a scan made of a body:
 * - `ok`: one object and nothing after it. Every object that JSON.parse accepts, down to the depth limit, is `ok`. What
 *   stands deep inside the values is not judged: a few bodies that JSON.parse refuses are `ok` too.
 * - `not_object`: the first thing is no opening brace (a byte order mark counts as a thing).
 * - `unterminated`: the bytes end inside the object.
 * - `malformed`: a wrong bracket, a missing colon or comma, a broken key or scalar, a byte that JSON has no place for.
 * - `trailing`: something other than white space follows the object.
 * - `too_deep`: more brackets open at once than the FieldSet allows.
 */
export type ScanResult = 'ok' | 'not_object' | 'unterminated' | 'malformed' | 'trailing' | 'too_deep';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;

/**
 * Finds the top-level fields of a JSON object in its UTF-8 bytes without parsing it, and puts their offsets into `out`.
 * Never throws. After any answer but `ok` the spans are those found so far, and `out.errorAt` says where it stopped.
 */
export function scanTopLevel(bytes: Uint8Array, fields: FieldSet, out: FieldSpans): ScanResult {
  const body = asBuffer(bytes);
  const length = body.length;
  const valueDepth = fields.maxDepth - 1;
  out.reset();
  seekInside(fields.inside, out.inside);
  let i = skipSpace(body, 0);
  if (i >= length || body[i] !== OPEN_BRACE) return fail(out, 'not_object', i);
  i = skipSpace(body, i + 1);
  if (i < length && body[i] === CLOSE_BRACE) {
    out.empty = true;
    return finish(body, out, i);
  }
  for (;;) {
    if (i >= length) return fail(out, 'unterminated', i);
    if (body[i] !== QUOTE) return fail(out, 'malformed', i);
    const keyStart = i;
    const field = matchKey(body, keyStart, fields);
    if (keyEnd < 0) return failSkip(out, keyEnd);
    const afterKey = keyEnd;

    i = skipSpace(body, afterKey);
    if (i >= length) return fail(out, 'unterminated', i);
    if (body[i] !== COLON) return fail(out, 'malformed', i);
    const start = skipSpace(body, i + 1);
    const valueEnd = skipValue(body, start, valueDepth);
    if (valueEnd < 0) return failSkip(out, valueEnd);
    if (field >= 0) out.record(field, keyStart, afterKey, start, valueEnd);
    else if (field !== NO_FIELD) out.lookAlike = lookAlike(field);

    i = skipSpace(body, valueEnd);
    if (i >= length) return fail(out, 'unterminated', i);
    if (body[i] === CLOSE_BRACE) return finish(body, out, i);
    if (body[i] !== COMMA) return fail(out, 'malformed', i);
    i = skipSpace(body, i + 1);
  }
}

/** Offset just after the key that `matchKey` looked at last, or a code of `json-skip`: its second answer, without a tuple. */
let keyEnd = 0;

/** Which field the key that opens at `at` is, as `FieldSet.lookUp` says it; where it ends is left in `keyEnd`. */
function matchKey(body: Buffer, at: number, fields: FieldSet): number {
  const length = body.length;
  let seen = 0;
  let i = at + 1;
  for (; i < length; i++) {
    const byte = body[i]!;
    if (byte === QUOTE) {
      keyEnd = i + 1;
      return seen < 0x80 ? fields.lookUp(body, at + 1, i) : decodeKey(body, at, fields);
    }
    if (byte < 0x20) {
      keyEnd = stopSkip(MALFORMED, i);
      return NO_FIELD;
    }
    if (byte === BACKSLASH) {
      keyEnd = skipString(body, at);
      return keyEnd < 0 ? NO_FIELD : decodeKey(body, at, fields);
    }
    seen |= byte;
  }
  keyEnd = stopSkip(UNTERMINATED, length);
  return NO_FIELD;
}

/** Escapes and other alphabets: the key must mean what JSON.parse takes it for, and break the scan where it would. */
function decodeKey(body: Buffer, at: number, fields: FieldSet): number {
  try {
    return fields.lookUpText(JSON.parse(body.toString('utf8', at, keyEnd)));
  } catch {
    keyEnd = stopSkip(MALFORMED, at);
    return NO_FIELD;
  }
}

function finish(body: Buffer, out: FieldSpans, closeBrace: number): ScanResult {
  const rest = skipSpace(body, closeBrace + 1);
  if (rest < body.length) return fail(out, 'trailing', rest);
  out.closeBrace = closeBrace;
  return 'ok';
}

function fail(out: FieldSpans, result: ScanResult, at: number): ScanResult {
  out.errorAt = at;
  return result;
}

function failSkip(out: FieldSpans, code: number): ScanResult {
  const result = code === UNTERMINATED ? 'unterminated' : code === TOO_DEEP ? 'too_deep' : 'malformed';
  return fail(out, result, skipStoppedAt());
}
