import type { HeaderList } from '@headgate/sdk';

/** What a client says to this gateway, or about itself and its connection, is not for providers. */
const withheld = new Set([
  'host',
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept-encoding',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'xi-api-key',
  'cookie',
  'origin',
  'referer',
  'forwarded',
  'via',
  'x-real-ip',
  'true-client-ip',
  'cf-connecting-ip',
]);
const WITHHELD = ['x-headgate-', 'x-forwarded-', 'x-amz-', 'amz-sdk-', 'proxy-', 'sec-'];

/** Headers of the provider's row that a client may want otherwise. */
const clients = new Set(['content-type', 'user-agent', 'anthropic-version', 'anthropic-beta', 'openai-beta']);

/**
 * The headers of a request that is only forwarded: the client's, but for its credentials and what is about its connection,
 * then those of the provider and its key.
 */
export function forwardedHeaders(client: HeaderList, provider: HeaderList): HeaderList {
  const headers: HeaderList = [];
  const said = new Set<string>();
  for (let i = 0; i < client.length; i += 2) {
    const name = client[i] as string;
    if (withheld.has(name) || WITHHELD.some((start) => name.startsWith(start))) continue;
    if (!clients.has(name) && has(provider, name)) continue;
    headers.push(name, client[i + 1] as string);
    said.add(name);
  }
  for (let i = 0; i < provider.length; i += 2) {
    const name = provider[i] as string;
    // What the provider's row says of bodies is about JSON that the gateway writes itself.
    if (said.has(name) || name === 'content-type') continue;
    headers.push(name, provider[i + 1] as string);
  }
  return headers;
}

function has(headers: HeaderList, name: string): boolean {
  for (let i = 0; i < headers.length; i += 2) if (headers[i] === name) return true;
  return false;
}
