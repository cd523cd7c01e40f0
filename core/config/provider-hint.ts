/** What the configuration must know of a built-in provider; every provider row is one. */
export interface ProviderHint {
  readonly id: string;
  /** Environment variables that may hold its key; the first that is set is used. */
  readonly keyEnv: readonly string[];
  /** False for servers that usually run without a key. */
  readonly keyRequired?: boolean | undefined;
  readonly baseUrl?: string | undefined;
}
