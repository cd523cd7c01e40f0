import { Readable } from 'node:stream';
import type { CallFile, HeaderList, ProviderAsk, UpstreamRequest } from '@headgate/sdk';

/** Bodies up to this size are sent from memory, and so can be signed. */
const IN_MEMORY_BYTES = 1024 * 1024;

/** What an adapter asks for as a request. `common`: headers of the provider's row and key. */
export function upstreamRequest(ask: ProviderAsk, common: HeaderList): UpstreamRequest {
  const { body } = ask;
  const headers = [...(ask.headers ?? [])];
  for (let i = 0; i < common.length; i += 2) {
    const name = common[i] as string;
    if (headers.some((known, at) => at % 2 === 0 && known === name)) continue;
    if (name === 'content-type') continue;
    headers.push(name, common[i + 1] as string);
  }
  if (isJson(body)) headers.push('content-type', 'application/json');
  const method = ask.method ?? 'POST';
  const request: UpstreamRequest = { method, path: ask.path, headers, body: null };
  if (body === undefined) return request;
  if (isJson(body)) return { ...request, body: Buffer.from(JSON.stringify(body)) };
  if (body.every((part) => Buffer.isBuffer(part)))
    return { ...request, body: Buffer.concat(body as Buffer[]) };
  const size = body.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : part.size), 0);
  headers.push('content-length', String(size));
  return { ...request, upload: Readable.from(piecesOf(body), { objectMode: false }) };
}

function isJson(
  body: ProviderAsk['body'],
): body is Exclude<ProviderAsk['body'], undefined | readonly unknown[]> {
  return body !== undefined && !Array.isArray(body);
}

async function* piecesOf(parts: readonly (Buffer | CallFile)[]): AsyncGenerator<Buffer> {
  for (const part of parts) {
    if (Buffer.isBuffer(part)) yield part;
    else yield* part.chunks();
  }
}

/** The same with small files, or all where a signature is over the body, in memory. */
export async function inMemory(ask: ProviderAsk, all: boolean): Promise<ProviderAsk> {
  const { body } = ask;
  if (body === undefined || isJson(body)) return ask;
  const parts: (Buffer | CallFile)[] = [];
  for (const part of body)
    parts.push(!Buffer.isBuffer(part) && (all || part.size <= IN_MEMORY_BYTES) ? await part.bytes() : part);
  return { ...ask, body: parts };
}
