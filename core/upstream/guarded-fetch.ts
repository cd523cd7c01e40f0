import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Host } from '@headgate/sdk';
import { type FetchRule, formatFetchRule } from '../config/fetch-rule.js';
import { Allowance } from './allowance.js';
import { TextFetch } from './text-fetch.js';

/** Largest answer a plugin gets. */
const MAX_BYTES = 10 * 1024 * 1024;

/** As `dns.lookup` with `all: true`. */
export type Lookup = (
  host: string,
  options: Parameters<LookupFunction>[1] & { all: true },
  callback: (error: Error | null, addresses: { address: string; family: number }[]) => void,
) => void;

/**
 * `host.fetch`: HTTP to public addresses and to those the operator allows (`server.fetch_allow`), no redirects, with
 * limits on time and size.
 */
export class GuardedFetch {
  private readonly allowance: Allowance;
  private readonly texts: TextFetch;

  constructor(
    private readonly rules: readonly FetchRule[],
    private readonly lookup: Lookup = systemLookup as Lookup,
  ) {
    this.allowance = new Allowance(rules);
    this.texts = new TextFetch({ connect: { lookup: (...given) => this.find(...given) } }, MAX_BYTES);
  }

  /** Whether it has these very rules. */
  obeys(rules: readonly FetchRule[]): boolean {
    return rules.map(formatFetchRule).join() === this.rules.map(formatFetchRule).join();
  }

  readonly fetch: Host['fetch'] = async (url, init = {}) => {
    const target = new URL(url);
    if (target.protocol !== 'https:' && target.protocol !== 'http:')
      throw new Error(`${target.protocol} is not HTTP`);
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // A literal address is never looked up, so it is checked here.
    if (isIP(host) !== 0 && !this.allowance.allowsAddress(host)) throw refusal(host);
    return this.texts.fetch(target, init);
  };

  /** Requests that run may end. */
  close(): Promise<void> {
    return this.texts.close();
  }

  /**
   * Looks a name up for a connection that is about to be made, and refuses it if any of its addresses may not be fetched
   * from. The connection goes to one of the addresses checked here: a name that means something else a moment later, which
   * is how such checks are got round, is of no use.
   */
  private find(
    host: string,
    options: Parameters<LookupFunction>[1],
    callback: Parameters<LookupFunction>[2],
  ): void {
    this.lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const first = addresses[0];
      if (first === undefined) return callback(new Error(`${host} has no address`), []);
      const allowed =
        this.allowance.allowsName(host) ||
        addresses.every(({ address }) => this.allowance.allowsAddress(address));
      if (!allowed) return callback(refusal(host), []);
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  }
}

function refusal(host: string): Error {
  return new Error(`${host} is not a public address, and server.fetch_allow does not allow it`);
}
