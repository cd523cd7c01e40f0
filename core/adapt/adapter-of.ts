import type { AdaptedCallName } from '@headgate/sdk';
import type { ForwardPath } from '../forward/forward-path.js';
import { withoutVersion } from '../forward/operation.js';
import type { CompiledAdapter } from '../route/compile-adapters.js';
import type { Provider } from '../route/provider.js';

/** What a path asks for, if it is one of the calls that adapters know. */
export function callNamed({ tail }: ForwardPath): AdaptedCallName {
  return withoutVersion(tail) as AdaptedCallName;
}

/** How the provider is asked for what this path wants; null when it is not by an adapter. */
export function adapterOf(provider: Provider, path: ForwardPath): CompiledAdapter | null {
  if (path.api !== 'openai' || provider.adapters.size === 0) return null;
  return provider.adapters.get(callNamed(path)) ?? null;
}
