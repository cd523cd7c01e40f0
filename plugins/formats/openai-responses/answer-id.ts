import { closedBetween, valueOfKeyAt } from '../shared/json-bytes.js';

const ID = Buffer.from('"id"');
const DATA = Buffer.from('data:');
/** An id as providers make them; anything else is not worth being remembered. */
const PLAIN = /^"([\w.:-]{1,128})"/;
const LONGEST = 131;

/** The first `id` that stands this deep in the JSON that begins at `from`. Each byte is looked at once. */
function idAt(bytes: Buffer, from: number, depth: number): string | undefined {
  let opened = 0;
  let scanned = from;
  for (let at = bytes.indexOf(ID, from); at !== -1; at = bytes.indexOf(ID, at + ID.length)) {
    const value = valueOfKeyAt(bytes, at, ID.length);
    if (value === -1) continue;
    opened -= closedBetween(bytes, scanned, at);
    scanned = at;
    if (Number.isNaN(opened)) return undefined;
    if (opened === depth) return PLAIN.exec(bytes.toString('latin1', value, value + LONGEST))?.[1];
  }
  return undefined;
}

/** The id of an answer that passes as bytes: of its JSON, or of `response` in the first event of its stream. */
export function answerId(bytes: Buffer, stream: boolean): string | undefined {
  if (!stream) return idAt(bytes, 0, 1);
  const data = bytes.indexOf(DATA);
  return data === -1 ? undefined : idAt(bytes, data + DATA.length, 2);
}
