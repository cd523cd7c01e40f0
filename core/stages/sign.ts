import type { UpstreamHead, UpstreamRequest } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { isThenable } from '../plan/guarded.js';
import { runChain } from '../plan/run-chain.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { DividedRequest } from '../upstream/divided-call.js';
import { viewOf } from '../view.js';

/**
 * Stage 11. Credentials. Those that are the same for every request are in the headers since boot; a signer that signs the
 * request itself does it here, after the `upstream` hooks had their say about path and headers.
 */
export function sign(x: Exchange, key: ProviderKey, request: DividedRequest): Promise<void> | undefined {
  if (request.rest === undefined) return signOne(x, key, request);
  const waits = [request, ...request.rest].map((part) => signOne(x, key, part));
  return waits.every((wait) => wait === undefined) ? undefined : Promise.all(waits).then(() => undefined);
}

function signOne(x: Exchange, key: ProviderKey, request: UpstreamRequest): Promise<void> | undefined {
  const hooks = x.plan?.upstream ?? null;
  if (hooks === null) return signed(x, key, request);
  const head: UpstreamHead = { path: request.path, headers: [...request.headers] };
  const changed = runChain(hooks, head, viewOf(x), x);
  if (changed instanceof Promise) {
    return changed.then((value) => {
      Object.assign(request, value);
      return signed(x, key, request);
    });
  }
  Object.assign(request, changed);
  return signed(x, key, request);
}

/** Logs why there are no credentials. False when that is not what went wrong. */
export function toldUnsigned(x: Exchange, reason: unknown): boolean {
  // By name: a plugin may have an SDK of its own.
  if (!(reason instanceof Error) || reason.name !== 'SignerFailure') return false;
  x.io.log.warn('no credentials for a provider', {
    request: x.id,
    provider: x.target?.provider.id ?? '',
    error: reason.message,
  });
  return true;
}

function signed(x: Exchange, key: ProviderKey, request: UpstreamRequest): Promise<void> | undefined {
  // A secret of the provider's own stands where the key's credential would.
  if (key.sign === null || x.forward?.secret != null) return undefined;
  request.headers = [...request.headers];
  try {
    const wait = key.sign(request);
    return isThenable(wait) ? Promise.resolve(wait) : undefined;
  } catch (reason) {
    return Promise.reject(reason);
  }
}
