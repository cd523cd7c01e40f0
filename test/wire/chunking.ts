import fc from 'fast-check';

/** Cuts bytes at the given places (taken modulo the length), so that every cut, also an empty piece, can occur. */
export function cutUp(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const place of [...places, bytes.length]) {
    // A copy of its own: reading beyond a piece must not find the next one.
    pieces.push(Buffer.from(bytes.subarray(from, place)));
    from = place;
  }
  return pieces;
}

export const cuts = fc.array(fc.nat(4000), { maxLength: 12 });

/** Line ends in any mix. */
export const lineEnd = fc.constantFrom('\n', '\r\n', '\r');

/** Text of event streams, dense in what their grammar turns on. */
const streamPart = fc.oneof(
  { weight: 6, arbitrary: lineEnd },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'data:',
      'data: ',
      'data',
      'event:',
      'event: ',
      'event',
      'id: 7',
      'retry: 10',
      ':',
      ': hm',
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom(' ', ':', 'dat', 'datax: 1', '\ufeff', '{"a":"é漢😀"}', '[DONE]') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
);

export const streamText = fc.array(streamPart, { maxLength: 40 }).map((parts) => parts.join(''));
