/**
 * Reads the small scalars a scan has found. Each reader takes the [start, end) of a value in the body and answers with
 * undefined when the value is of another type, is no valid JSON, or is missing (start is -1).
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Up to here a loop over the bytes beats a call into JSON.parse. */
const SHORT = 64;

/** Ten to this power still fits a double's integers exactly. */
const EXACT_DIGITS = 15;

export function readString(body: Buffer, start: number, end: number): string | undefined {
  if (start < 0 || body[start] !== QUOTE) return undefined;
  if (end - start < 2 || end - start > SHORT || body[end - 1] !== QUOTE) return parseString(body, start, end);
  for (let i = start + 1; i < end - 1; i++) {
    const byte = body[i]!;
    if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH)
      return parseString(body, start, end);
  }
  return body.toString('latin1', start + 1, end - 1);
}

export function readNumber(body: Buffer, start: number, end: number): number | undefined {
  if (start < 0 || start >= end) return undefined;
  const first = body[start]!;
  if (first !== 0x2d && (first < 0x30 || first > 0x39)) return undefined;
  if (end - start > EXACT_DIGITS || (first === 0x30 && end - start > 1)) return parseNumber(body, start, end);
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = body[i]! - 0x30;
    if (digit < 0 || digit > 9) return parseNumber(body, start, end);
    value = value * 10 + digit;
  }
  return value;
}

export function readBoolean(body: Buffer, start: number, end: number): boolean | undefined {
  if (start < 0) return undefined;
  const first = body[start];
  if (first !== 0x74 && first !== 0x66) return undefined;
  const text = end - start <= 5 ? body.toString('latin1', start, end) : '';
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function parseString(body: Buffer, start: number, end: number): string | undefined {
  const value = parse(body, start, end);
  return typeof value === 'string' ? value : undefined;
}

function parseNumber(body: Buffer, start: number, end: number): number | undefined {
  const value = parse(body, start, end);
  return typeof value === 'number' ? value : undefined;
}

function parse(body: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(body.toString('utf8', start, end));
  } catch {
    return undefined;
  }
}
