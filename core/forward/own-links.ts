import { headerOf } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import type { Forward } from './forward.js';
import { upstreamPath } from './upstream-path.js';

/**
 * JSON with the links to the provider's own API turned into links to this gateway: clients follow them with the key they
 * have, which is the gateway's (the `results_url` of Anthropic's batches).
 */
export function withOwnLinks(x: Exchange, body: Buffer): Buffer {
  const { target, incoming } = x;
  const { path } = x.forward as Forward;
  const host = headerOf(incoming.headers, 'host');
  if (target === null || host === undefined || !/^[\w.:[\]-]+$/.test(host)) return body;
  const { provider } = target;
  const root = upstreamPath(provider, { ...path, tail: '/' }, target.model, '');
  if (root === null || provider.origin === '') return body;
  const theirs = `"${provider.origin}${root}`;
  if (!body.includes(theirs)) return body;
  const asked = headerOf(incoming.headers, 'x-forwarded-proto');
  const secure = asked === 'https' || x.runtime.config.server.tls !== null;
  const ours = `"${secure ? 'https' : 'http'}://${host}${path.base}/`;
  return Buffer.from(body.toString('utf8').replaceAll(theirs, () => ours));
}
