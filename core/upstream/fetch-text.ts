import type { Host } from '@headgate/sdk';
import { type Dispatcher, request } from 'undici';

const DEFAULT_TIMEOUT_MS = 10_000;

/** One request over that dispatcher, its answer read as text of at most so many bytes. No redirects. */
export async function fetchText(
  dispatcher: Dispatcher,
  url: string | URL,
  init: NonNullable<Parameters<Host['fetch']>[1]>,
  maxBytes: number,
): ReturnType<Host['fetch']> {
  const answer = await request(url, {
    method: (init.method ?? 'GET') as 'GET',
    headers: init.headers ?? {},
    body: init.body ?? null,
    dispatcher,
    signal: AbortSignal.timeout(init.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    status: answer.statusCode,
    headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)])),
    text: async () => text,
  };
}
