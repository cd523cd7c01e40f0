import type { Exchange } from '../exchange.js';
import type { Forward } from './forward.js';
import { ownOrigin } from './own-origin.js';
import { upstreamPath } from './upstream-path.js';

/**
 * JSON with the links to the provider's own API turned into links to this gateway: clients follow them with the key they
 * have, which is the gateway's (the `results_url` of Anthropic's batches).
 */
export function withOwnLinks(x: Exchange, body: Buffer): Buffer {
  const { target } = x;
  const { path } = x.forward as Forward;
  const origin = ownOrigin(x);
  if (target === null || origin === null) return body;
  const { provider } = target;
  const root = upstreamPath(provider, { ...path, tail: '/' }, target.model, '');
  if (root === null || provider.origin === '') return body;
  const theirs = `"${provider.origin}${root}`;
  if (!body.includes(theirs)) return body;
  const ours = `"${origin}${path.base}/`;
  return Buffer.from(body.toString('utf8').replaceAll(theirs, () => ours));
}
