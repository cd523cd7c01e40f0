import type { HeaderList } from '@headgate/sdk';

/**
 * undici's raw header buffers as a flat list with lower-case names. They are pieces of one chunk of the socket, so one
 * decoding of the part that holds them all and thirty cheap substrings take the place of thirty decodings.
 */
export function headerList(raw: readonly Buffer[]): HeaderList {
  const first = raw[0];
  const last = raw[raw.length - 1];
  if (first === undefined || last === undefined) return [];
  const from = first.byteOffset;
  const length = last.byteOffset + last.length - from;
  if (length <= 0 || length > MOST_BYTES || raw.some((piece) => piece.buffer !== first.buffer))
    return slowly(raw);
  const text = Buffer.from(first.buffer, from, length).toString('latin1');
  const list: HeaderList = new Array(raw.length);
  for (let i = 0; i < raw.length; i++) {
    const piece = raw[i] as Buffer;
    const at = piece.byteOffset - from;
    // A head that came in two chunks was put together elsewhere.
    if (at < 0 || at + piece.length > length) return slowly(raw);
    const part = text.substring(at, at + piece.length);
    list[i] = i % 2 === 0 ? part.toLowerCase() : part;
  }
  return list;
}

const MOST_BYTES = 64 * 1024;

function slowly(raw: readonly Buffer[]): HeaderList {
  return raw.map((piece, i) =>
    i % 2 === 0 ? piece.toString('latin1').toLowerCase() : piece.toString('latin1'),
  );
}
