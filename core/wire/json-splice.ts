import type { FieldSpans } from './json-spans.js';

/** Puts `bytes` in place of the body's bytes in [start, end); start equal to end inserts. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly bytes: Uint8Array;
}

/** The edit that gives a field a new value, which is JSON text in UTF-8. The field must be there: see `FieldSpans.has`. */
export function replaceValue(spans: FieldSpans, field: number, json: Uint8Array): Edit {
  return { start: spans.start(field), end: spans.end(field), bytes: json };
}

/** The edit that renames a field and leaves its value alone. The field must be there. */
export function renameField(spans: FieldSpans, field: number, name: string): Edit {
  return { start: spans.keyStart(field), end: spans.keyEnd(field), bytes: Buffer.from(JSON.stringify(name)) };
}

/**
 * The edit that adds a field after the last one; `json` is the value's JSON text. `first`: no member stands before it,
 * because the object is empty, or other edits of the same body empty it, and none was added yet.
 */
export function insertField(spans: FieldSpans, name: string, json: string, first = spans.empty): Edit {
  const comma = first ? '' : ',';
  const at = spans.closeBrace;
  return { start: at, end: at, bytes: Buffer.from(`${comma}${JSON.stringify(name)}:${json}`) };
}

/**
 * A new Buffer with the edits made, every other byte as it was. One allocation and one copy; the body is not changed.
 * The edits are in order of their offsets and do not overlap; insertions at one place come out in the order given.
 * Throws a RangeError for edits that are out of order, overlap, or lie outside the body, as those of a missing field do.
 */
export function splice(body: Uint8Array, edits: readonly Edit[]): Buffer {
  let size = body.length;
  let past = 0;
  for (let i = 0; i < edits.length; i++) {
    const { start, end, bytes } = edits[i]!;
    if (!(start >= past && end >= start && end <= body.length)) {
      throw new RangeError(
        `edit ${i} covers ${start} to ${end}, but must lie between ${past} and ${body.length}`,
      );
    }
    size += bytes.length - (end - start);
    past = end;
  }
  const out = Buffer.allocUnsafe(size);
  let from = 0;
  let at = 0;
  for (let i = 0; i < edits.length; i++) {
    const { start, end, bytes } = edits[i]!;
    at = copy(body, from, start, out, at);
    at = copy(bytes, 0, bytes.length, out, at);
    from = end;
  }
  copy(body, from, body.length, out, at);
  return out;
}

function copy(source: Uint8Array, start: number, end: number, out: Buffer, at: number): number {
  if (end > start) out.set(start === 0 && end === source.length ? source : source.subarray(start, end), at);
  return at + (end - start);
}
