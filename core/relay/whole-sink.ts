import { nobody } from '../gone.js';
import type { ClientSink } from './sink.js';

/**
 * The client's side of a request that this process makes itself: gathers the answer, also one that comes in pieces.
 *
 * @param ended told once; status 0: it broke off
 */
export function wholeSink(ended: (status: number, text: string) => void): ClientSink {
  const pieces: Buffer[] = [];
  let begun = 0;
  const take = (chunk: Uint8Array | string): void => {
    pieces.push(Buffer.from(chunk as string));
  };
  const end = (status: number): void => ended(status, Buffer.concat(pieces).toString('utf8'));
  return {
    ...nobody,
    send(status, _, body) {
      take(body);
      end(status);
    },
    start(status) {
      begun = status;
    },
    write(chunk) {
      take(chunk);
      return true;
    },
    end: () => end(begun),
    cut: () => end(0),
  };
}
