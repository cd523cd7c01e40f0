import { type HeaderList, headerOf } from '@headgate/sdk';
import type { Exchange } from './exchange.js';
import { headerText } from './header-text.js';

/** What an upstream says about its connection, its cookies or itself is not the client's business. */
const withheld = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'content-type',
  'trailer',
  'upgrade',
  'date',
  'server',
  'set-cookie',
  'alt-svc',
  'via',
  'strict-transport-security',
  'cf-ray',
  'cf-cache-status',
  'x-content-type-options',
  'x-frame-options',
  'access-control-allow-origin',
  'access-control-expose-headers',
  'access-control-allow-headers',
  'access-control-allow-methods',
  'nel',
  'report-to',
  'proxy-authenticate',
  'www-authenticate',
]);

/** The headers of an answer: the provider's own where it is useful, then what the gateway has to say. */
export function answerHeaders(x: Exchange, contentType: string, upstream: HeaderList | null): HeaderList {
  const headers: HeaderList = ['content-type', contentType, 'x-headgate-request-id', x.id];
  if (x.target !== null) {
    headers.push('x-headgate-provider', x.target.provider.id, 'x-headgate-model', x.target.modelText);
    headers.push('x-headgate-attempts', String(x.attempts.length));
  }
  headers.push('x-headgate-cache', x.cache, 'x-headgate-overhead-us', String(overheadUs(x)));
  if (x.dropped !== null) headers.push('x-headgate-dropped', headerText(x.dropped.join(', ')));
  const own = x.extraHeaders;
  if (own !== null) for (const text of own) headers.push(text);
  const { requestIdHeader } = x.endpoint.format;
  if (upstream === null || headerOf(upstream, requestIdHeader) === undefined)
    headers.push(requestIdHeader, x.id);
  if (upstream === null) return headers;
  const hides = own === null ? null : hiddenBy(own);
  for (let i = 0; i < upstream.length; i += 2) {
    const name = upstream[i] as string;
    if (withheld.has(name) || hides?.(name)) continue;
    headers.push(name, upstream[i + 1] as string);
  }
  return headers;
}

const LIMITS = 'x-ratelimit-';
const isLimit = (name: string): boolean => name.startsWith(LIMITS);

/**
 * Which of a provider's headers the gateway's own take the place of: those of the same name, and with one limit of its
 * own all limits, since the provider's speak of an account that is not the client's.
 */
function hiddenBy(own: HeaderList): (name: string) => boolean {
  let limits = false;
  let others = false;
  for (let i = 0; i < own.length; i += 2) {
    if (isLimit(own[i] as string)) limits = true;
    else others = true;
  }
  if (!others) return isLimit;
  return (name) => (limits && isLimit(name)) || own.some((text, i) => i % 2 === 0 && text === name);
}

/** Microseconds the gateway itself has taken so far: everything but the waiting for providers. */
export function overheadUs(x: Exchange): number {
  const until = x.headAt === 0 ? performance.now() : x.headAt;
  return Math.max(0, Math.round((until - x.startedAt - x.waitedMs) * 1000));
}
