import type { SettledRecord } from '@headgate/sdk';
import { Packr } from 'msgpackr';

// Every batch carries its own record structures, so that a spool written by one process, or by an older release with
// fewer fields, is readable by another.
const packr = new Packr();

/** A batch of records as bytes of its own, ready to be transferred to another thread. */
export function encodeRecords(records: readonly SettledRecord[]): ArrayBuffer {
  const packed = packr.pack(records);
  // The packer writes into a shared pool, which must not be transferred.
  const own = new Uint8Array(packed.length);
  own.set(packed);
  return own.buffer;
}

/** Throws when the bytes are no batch of records. */
export function decodeRecords(bytes: Uint8Array): SettledRecord[] {
  const records: unknown = packr.unpack(bytes);
  if (!Array.isArray(records)) throw new Error('not a batch of settled records');
  return records as SettledRecord[];
}
