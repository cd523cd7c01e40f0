import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import type { Allowance } from './allowance.js';

/** As `dns.lookup` with `all: true`. */
export type Lookup = (
  host: string,
  options: Parameters<LookupFunction>[1] & { all: true },
  callback: (error: Error | null, addresses: { address: string; family: number }[]) => void,
) => void;

/**
 * Looks a name up for a connection that is about to be made, and refuses it if any of its addresses may not be asked. The connection
 * goes to one of the addresses checked here: a name that means something else a moment later, which is how such checks are got
 * round, is of no use. A literal address is never looked up: whoever uses this checks it before.
 *
 * @param refusal what is said of a host that is refused
 */
export function guardedLookup(
  allowance: Allowance,
  refusal: (host: string) => Error,
  lookup: Lookup = systemLookup as Lookup,
): LookupFunction {
  return (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const first = addresses[0];
      if (first === undefined) return callback(new Error(`${host} has no address`), []);
      const allowed =
        allowance.allowsName(host) || addresses.every(({ address }) => allowance.allowsAddress(address));
      if (!allowed) return callback(refusal(host), []);
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}
