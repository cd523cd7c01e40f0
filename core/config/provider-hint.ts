import type { JsonValue, SinkRow } from '@headgate/sdk';

/** A variable of a provider's row, as the row may leave it. */
export interface VariableHint {
  readonly description: string;
  readonly env?: readonly string[] | undefined;
  readonly default?: string | undefined;
  readonly cases?: { readonly of: string; readonly is: Readonly<Record<string, string>> } | undefined;
}

/** What the configuration must know of a provider that a plugin brings; every provider row is one. */
export interface ProviderHint {
  readonly id: string;
  /** Environment variables that may hold its key; the first that is set is used. */
  readonly keyEnv: readonly string[];
  /** False for servers that usually run without a key. */
  readonly keyRequired?: boolean | undefined;
  readonly baseUrl?: string | undefined;
  /** Id under which its prices are looked up, when that is not its own. */
  readonly prices?: string | undefined;
  readonly free?: boolean | undefined;
  /** Whether a credential only leads to one that the machine has, by its signer; left out: none does. */
  readonly ofMachine?: ((credential: string) => boolean) | undefined;
  readonly variables?: Readonly<Record<string, VariableHint>> | undefined;
  /** What may hold variables beside the base URL. */
  readonly formats?: Readonly<Record<string, string>> | undefined;
  readonly paths?: Readonly<Record<string, string>> | undefined;
  readonly adapters?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly signerOptions?: Readonly<Record<string, string>> | undefined;
  readonly body?:
    | Readonly<Record<string, { readonly set?: Readonly<Record<string, JsonValue>> | undefined }>>
    | undefined;
}

/** What a configuration may name because plugins bring it, built-in ones and those it lists. */
export interface Supply {
  /** Of two with the same id the later one counts. */
  readonly rows: readonly ProviderHint[];
  /** Ids of rows that answer inside the process and are always there. */
  readonly builtIn?: readonly string[] | undefined;
  /** Wire formats; when left out, names of formats are not checked. */
  readonly formats?: readonly string[] | undefined;
  /** Some plugins could not be loaded: a name that nobody knows may be one of theirs, and is not reported. */
  readonly partial?: boolean | undefined;
  /** Sinks by id; when left out, names and settings of sinks are not checked. */
  readonly sinks?: ReadonlyMap<string, SinkRow> | undefined;
}
