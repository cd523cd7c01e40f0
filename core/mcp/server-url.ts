import { isIP } from 'node:net';
import type { ServerUrlRules } from '../config/server-url-rules.js';
import { Allowance } from '../upstream/allowance.js';

/** What records, rules of keys and messages call a server that a request names by its address. No server of the configuration is called so. */
export const urlPlace = ({ hostname }: URL): string => `url:${bareHost(hostname)}`;

/** With a dot at its end a name is the same one, which no rule has. */
const bareHost = (name: string): string => name.replace(/\.$/, '');

/**
 * Whether a request may have the gateway ask an address. Names are looked at again when they are looked up, where they may turn out to
 * be of a private address.
 */
export function allowedUrl(text: string, { any, suffixes, rules }: ServerUrlRules): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  if (url.username !== '' || url.password !== '' || url.hash !== '') return null;
  const host = bareHost(url.hostname.replace(/^\[|\]$/g, ''));
  const allowance = new Allowance(rules);
  const isNamed = isIP(host) === 0 ? allowance.allowsName(host) : allowance.namesAddress(host);
  // What goes there may be a credential: without TLS only where the operator has named the very host.
  if (isNamed) return url;
  if (url.protocol === 'http:') return null;
  if (isIP(host) !== 0) return any && allowance.allowsAddress(host) ? url : null;
  return any || suffixes.some((suffix) => host.endsWith(suffix)) ? url : null;
}
