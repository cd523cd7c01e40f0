import type { AdaptedCallName, CallAdapter, ProviderRow } from '@headgate/sdk';

/** An adapter at one provider. */
export interface CompiledAdapter {
  readonly adapter: CallAdapter;
  /** Below the provider's origin; may have `{model}` in it. */
  readonly path: string;
}

/** Which adapter answers which call at a provider; of two for the same call the first that its row names. */
export function compileAdapters(
  row: ProviderRow,
  adapters: ReadonlyMap<string, CallAdapter>,
  fullPath: (path: string) => string,
): ReadonlyMap<AdaptedCallName, CompiledAdapter> {
  const compiled = new Map<AdaptedCallName, CompiledAdapter>();
  for (const [id, path] of Object.entries(row.adapters)) {
    const adapter = adapters.get(id);
    if (adapter === undefined) throw new Error(`providers.${row.id}: there is no adapter "${id}"`);
    for (const call of adapter.calls)
      if (!compiled.has(call)) compiled.set(call, { adapter, path: fullPath(path) });
  }
  return compiled;
}
