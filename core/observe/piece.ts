/**
 * Bytes that are written again and again, four at a time: a dozen stores where a loop has fifty, and without the call of native
 * code that a copy of so few is not worth.
 */
export interface Piece {
  /** As `DataView` writes them, little endian; up to three zeros follow the bytes. */
  readonly words: Int32Array;
  /** Bytes that count. */
  readonly length: number;
}

/** There must be room for this many bytes behind a piece: what is there is written over. */
export const PIECE_SLACK = 3;

export function pieceOf(bytes: Uint8Array): Piece {
  const words = new Int32Array(Math.ceil(bytes.length / 4));
  const padded = new DataView(new ArrayBuffer(4 * words.length));
  for (let i = 0; i < bytes.length; i++) padded.setUint8(i, bytes[i]!);
  for (let i = 0; i < words.length; i++) words[i] = padded.getInt32(4 * i, true);
  return { words, length: bytes.length };
}

/** @param view of the buffer that is written to; see {@link bytesView} */
export function putPiece(view: DataView, at: number, { words }: Piece): void {
  for (let i = 0; i < words.length; i++, at += 4) view.setInt32(at, words[i]!, true);
}

/** The same bytes, to be written four at a time. */
export function bytesView(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function textPiece(text: string): Piece {
  return pieceOf(Buffer.from(text));
}
