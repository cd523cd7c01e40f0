/**
 * What a collector did not take although it answered 200: `partial_success` of an `Export…ServiceResponse`, field 1, in which
 * field 1 counts what was rejected and field 2 says why. Null when it took everything, or says what is no protobuf.
 */
export function partialSuccess(answer: Uint8Array): { rejected: number; why: string } | null {
  const outer = fieldsOf(answer)?.get(1);
  if (!(outer instanceof Uint8Array)) return null;
  const inner = fieldsOf(outer);
  const rejected = inner?.get(1) ?? 0;
  const why = inner?.get(2);
  const text = why instanceof Uint8Array ? Buffer.from(why).toString('utf8') : '';
  // With nothing rejected it is a warning.
  if (typeof rejected !== 'number' || (rejected === 0 && text === '')) return null;
  return { rejected, why: text };
}

/** The last value of each field; null for what is no message. */
function fieldsOf(bytes: Uint8Array): Map<number, number | Uint8Array> | null {
  const fields = new Map<number, number | Uint8Array>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length && scale < 2 ** 63; scale *= 0x80) {
      const byte = bytes[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = tag % 8;
    const field = Math.floor(tag / 8);
    if (kind === 0) fields.set(field, varint());
    else if (kind === 1) at += 8;
    else if (kind === 5) at += 4;
    else if (kind === 2) {
      const length = varint();
      if (!(at + length <= bytes.length)) return null;
      fields.set(field, bytes.subarray(at, at + length));
      at += length;
    } else return null;
  }
  return fields;
}
