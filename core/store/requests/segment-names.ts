/** A block by what tells it apart: an id alone may be given again once its block is gone. */
export interface BlockName {
  readonly id: number;
  readonly firstMs: number;
  readonly lastMs: number;
}

const NUMBERS = 3;

/** The blocks of a segment, in the order in which its rows name them: three doubles each, little endian. */
export function writeNames(names: readonly BlockName[]): Uint8Array {
  const bytes = new Uint8Array(names.length * NUMBERS * 8);
  const view = new DataView(bytes.buffer);
  names.forEach(({ id, firstMs, lastMs }, i) => {
    for (const [k, value] of [id, firstMs, lastMs].entries())
      view.setFloat64((i * NUMBERS + k) * 8, value, true);
  });
  return bytes;
}

export function readNames(bytes: Uint8Array): BlockName[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: Math.floor(bytes.length / NUMBERS / 8) }, (_, i) => {
    const at = i * NUMBERS * 8;
    return {
      id: view.getFloat64(at, true),
      firstMs: view.getFloat64(at + 8, true),
      lastMs: view.getFloat64(at + 16, true),
    };
  });
}
