import { isIP } from 'node:net';
import type { Host } from '@headgate/sdk';
import { type FetchRule, formatFetchRule } from '../config/fetch-rule.js';
import { Allowance } from './allowance.js';
import { guardedLookup, type Lookup } from './guarded-lookup.js';
import { TextFetch } from './text-fetch.js';

/** Largest answer a plugin gets. */
const MAX_BYTES = 10 * 1024 * 1024;

/**
 * `host.fetch`: HTTP to public addresses and to those the operator allows (`server.fetch_allow`), no redirects, with
 * limits on time and size.
 */
export class GuardedFetch {
  private readonly allowance: Allowance;
  private readonly texts: TextFetch;

  constructor(
    private readonly rules: readonly FetchRule[],
    lookup?: Lookup,
  ) {
    this.allowance = new Allowance(rules);
    this.texts = new TextFetch(
      { connect: { lookup: guardedLookup(this.allowance, refusal, lookup) } },
      MAX_BYTES,
    );
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
}

function refusal(host: string): Error {
  return new Error(`${host} is not a public address, and server.fetch_allow does not allow it`);
}
