import fc from 'fast-check';

/** Text of streams of lines, dense in what their grammar turns on. */
const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('\n', '\r\n', '\n\n', '\r') },
  {
    weight: 6,
    arbitrary: fc.constantFrom('{"a":1}', '{"text":"é漢😀\\n"}', '[]', ' ', '\t', '{', '"\\r\\n"'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

export const lineText = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(''));

/** The lines of a whole text, found without looking at a byte: slow, and with nothing in common with ours. */
export function readLines(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => /[^ \t\r]/.test(line));
}
