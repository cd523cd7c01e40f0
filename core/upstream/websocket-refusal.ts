import type { IncomingMessage } from 'node:http';
import type { HeaderList } from '@headgate/sdk';
import { inflatedText } from './inflate.js';

/** Most of an error answer that is kept, and how long its end is waited for. */
const MOST_BYTES = 64 * 1024;
const WAIT_MS = 2_000;

/** Reads the HTTP answer that a provider gave to a WebSocket handshake; `done` is called once. */
export function readRefusal(
  response: IncomingMessage,
  done: (status: number, headers: HeaderList, body: string) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let over = false;
  const headers = response.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
  const finish = (): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    done(response.statusCode ?? 0, headers, inflatedText(Buffer.concat(chunks), headers));
  };
  const timer = setTimeout(finish, WAIT_MS);
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST_BYTES) finish();
  });
  response.on('end', finish);
  response.on('error', finish);
  response.on('close', finish);
}
