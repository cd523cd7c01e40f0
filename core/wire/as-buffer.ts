/**
 * The same bytes as a Buffer, without copying. A Buffer comes back as it is. The scanners need Buffer's native
 * `indexOf`, since that of a plain Uint8Array looks at one byte after the other.
 */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
