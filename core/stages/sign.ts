import type { UpstreamHead, UpstreamRequest } from '@headgate/sdk';
import type { Exchange } from '../exchange.js';
import { isThenable } from '../plan/guarded.js';
import { runChain } from '../plan/run-chain.js';
import type { ProviderKey } from '../route/key-ring.js';
import type { Provider } from '../route/provider.js';
import { viewOf } from '../view.js';

/**
 * Stage 11. Credentials. Those that are the same for every request are in the headers since boot; a signer that signs the
 * request itself does it here, after the `upstream` hooks had their say about path and headers.
 */
export function sign(
  x: Exchange,
  provider: Provider,
  key: ProviderKey,
  request: UpstreamRequest,
): Promise<void> | undefined {
  const hooks = x.plan?.upstream ?? null;
  if (hooks === null) return signed(provider, key, request);
  const head: UpstreamHead = { path: request.path, headers: [...request.headers] };
  const changed = runChain(hooks, head, viewOf(x), x);
  if (changed instanceof Promise) {
    return changed.then((value) => {
      Object.assign(request, value);
      return signed(provider, key, request);
    });
  }
  Object.assign(request, changed);
  return signed(provider, key, request);
}

function signed(provider: Provider, key: ProviderKey, request: UpstreamRequest): Promise<void> | undefined {
  const { signer } = provider;
  if (signer.sign === undefined) return undefined;
  request.headers = [...request.headers];
  const wait = signer.sign(request, key.credential, provider.row.signerOptions);
  return isThenable(wait) ? Promise.resolve(wait) : undefined;
}
