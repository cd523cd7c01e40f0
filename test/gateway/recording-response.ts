import type { HttpResponse } from 'uWebSockets.js';

/** Bytes that uWebSockets.js puts around a chunk, and around the headers of the first one. */
const AROUND_CHUNK = 12;
const AROUND_HEAD = 100;

interface Recording {
  readonly response: HttpResponse;
  /** Bytes that went into each cork. */
  readonly corks: readonly number[];
  /** All chunks. */
  written(): string;
}

/** Stands for a response of uWebSockets.js and notes what is written to it, cork by cork. */
export function recordingResponse(): Recording {
  const corks: number[] = [];
  const chunks: Buffer[] = [];
  let corked = -1;
  const add = (bytes: number): void => {
    if (corked < 0) throw new Error('written outside a cork');
    corked += bytes;
  };
  const response = {
    cork(write: () => void) {
      corked = 0;
      write();
      corks.push(corked);
      corked = -1;
      return response;
    },
    writeStatus(status: string) {
      add(status.length + AROUND_HEAD);
      return response;
    },
    writeHeader(name: string, value: string) {
      add(name.length + value.length + 4);
      return response;
    },
    write(chunk: Uint8Array | string) {
      const bytes = Buffer.from(chunk as string);
      add(bytes.length + AROUND_CHUNK);
      chunks.push(bytes);
      return true;
    },
    end() {
      add(AROUND_CHUNK);
      return response;
    },
  };
  return {
    response: response as unknown as HttpResponse,
    corks,
    written: () => Buffer.concat(chunks).toString('utf8'),
  };
}
