import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Where plugins may fetch from although it is not public: a host by its name, whatever its address, or a network. */
export type FetchRule =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'network'; readonly address: string; readonly bits: number };

/** `search.internal`, `127.0.0.1`, `[::1]`, `10.0.0.0/8` → a rule; null for anything else. */
export function parseFetchRule(text: string): FetchRule | null {
  const network = /^([0-9a-f.:]+)\/(\d{1,3})$/i.exec(text);
  if (network !== null) return networkRule(network[1] as string, Number(network[2]));
  const bare = text.replace(/^\[(.*)\]$/, '$1');
  if (isIP(bare) !== 0) return bare.includes('%') ? null : networkRule(bare, isIP(bare) === 4 ? 32 : 128);
  // What would end the name within a URL; a port would look as if it were heeded.
  if (/[\s/?#@:\\%[\]*]/.test(text)) return null;
  // As a URL spells it: small letters, punycode, and numbers such as 2130706433 as the address they mean.
  const host = domainToASCII(text).replace(/\.$/, '');
  if (host === '') return null;
  return isIP(host) === 4 ? networkRule(host, 32) : { kind: 'host', host };
}

function networkRule(address: string, bits: number): FetchRule | null {
  const family = isIP(address);
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return null;
  return { kind: 'network', address, bits };
}

export function formatFetchRule(rule: FetchRule): string {
  if (rule.kind === 'host') return rule.host;
  const whole = rule.bits === (isIP(rule.address) === 4 ? 32 : 128);
  return whole ? rule.address : `${rule.address}/${rule.bits}`;
}
