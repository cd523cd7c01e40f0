import type { FieldSpans } from './json-spans.js';
import type { Edit } from './json-splice.js';

const NOTHING = Buffer.alloc(0);
const COMMA = 0x2c;

export interface Removal {
  /** In order of their offsets. */
  readonly edits: readonly Edit[];
  /** No member is left. */
  readonly emptied: boolean;
}

/** The edits that take these members out of the object, each with the comma that set it apart. All must be there. */
export function removeFields(body: Buffer, spans: FieldSpans, fields: readonly number[]): Removal {
  const ranges = fields
    .map((field) => ({ start: spans.keyStart(field), end: pastComma(body, spans.end(field)) }))
    .sort((a, b) => a.start - b.start);
  const edits: Edit[] = [];
  let emptied = false;
  for (let i = 0; i < ranges.length; ) {
    const start = (ranges[i] as { start: number }).start;
    let end = start;
    // Neighbours go together: the comma between them belongs to both.
    while (i < ranges.length && (i === 0 || end === start || skipSpace(body, end) === ranges[i]?.start))
      end = (ranges[i++] as { end: number }).end;
    const isLast = skipSpace(body, end) === spans.closeBrace;
    const before = skipSpaceBack(body, start);
    const afterComma = body[before] === COMMA;
    if (isLast && !afterComma) emptied = true;
    edits.push({ start: isLast && afterComma ? before : start, end, bytes: NOTHING });
  }
  return { edits, emptied };
}

/** Just after the comma that follows, or the same place when none does. */
function pastComma(body: Buffer, at: number): number {
  const next = skipSpace(body, at);
  return body[next] === COMMA ? next + 1 : at;
}

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (isSpace(body[at])) at++;
  return at;
}

/** The last byte before `from` that is no space. */
function skipSpaceBack(body: Buffer, from: number): number {
  let at = from - 1;
  while (at >= 0 && isSpace(body[at])) at--;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
