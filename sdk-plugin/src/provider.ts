import { z } from 'zod';
import type { HeaderList } from './headers.js';

const variable = z.strictObject({
  description: z.string(),
  /** Environment variables that may hold it; the first that is set is used. */
  env: z.array(z.string()).default([]),
  /** May hold other variables. */
  default: z.string().optional(),
  /** In place of the default when another variable has that value: `{ of: "region", is: { global: "…" } }`. */
  cases: z.strictObject({ of: z.string(), is: z.record(z.string(), z.string()) }).optional(),
});

/** A named hole in a provider's row, filled in when the configuration is read. */
export type RowVariable = z.infer<typeof variable>;

const bodyEdit = z.strictObject({
  /** Fields to put in unless the request has them. Texts may hold variables. */
  set: z.record(z.string(), z.json()).default({}),
  /** Fields to leave out. One that is also in `set` is replaced. */
  remove: z.array(z.string()).default([]),
});

/** Data that describes a provider; validated at boot. A provider with nothing special about it is only this row. */
export const providerRow = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]*$/),
  name: z.string(),
  /**
   * Holes such as `{region}` in the base URL, in paths, headers, signer options and body fields, by name. `{model}` is
   * always there in paths.
   */
  variables: z.record(z.string().regex(/^(?!model$)[a-z][a-z0-9_]*$/), variable).default({}),
  /** Without a trailing slash. Paths of `formats` are appended to it. Absent: the operator must set `base_url`. */
  baseUrl: z
    .string()
    .regex(/^https?:\/\/[^/]+.*[^/]$/)
    .optional(),
  /** Wire format id → path. The first chat format is the one requests of other formats are translated to. */
  formats: z.record(z.string(), z.string().startsWith('/')),
  /**
   * Paths of its other operations, by what stands behind the version in the client's path, where they are not simply that
   * below the base URL: `{ "rerank": "/v2/rerank", "audio/speech": "/speech" }`.
   */
  paths: z.record(z.string().regex(/^[^/]/), z.string().startsWith('/')).default({}),
  /** Adapters for calls of OpenAI's API that it answers in an API of its own, and their paths; `{model}` is the model's name. */
  adapters: z.record(z.string(), z.string().startsWith('/')).default({}),
  /** Path of its list of models, for `headgate providers test`. */
  models: z.string().startsWith('/').optional(),
  signer: z.string(),
  signerOptions: z.record(z.string(), z.string()).default({}),
  /** Environment variables that may hold its key, first found wins. */
  keyEnv: z.array(z.string()).default([]),
  /** False for servers that usually run without a key (Ollama, vLLM). */
  keyRequired: z.boolean().default(true),
  /** Sent with every request. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Request fields to rename, per wire format: `{ "openai-chat": { "max_completion_tokens": "max_tokens" } }`. */
  renames: z.record(z.string(), z.record(z.string(), z.string())).default({}),
  /** Beginnings of models' names that do not stand in the path of a wire format: `{ "bedrock-count-tokens": ["us."] }`. */
  modelPrefixes: z.record(z.string(), z.array(z.string())).default({}),
  /** Request fields to put in or leave out, per wire format; after `renames`. */
  body: z.record(z.string(), bodyEdit).default({}),
  /** `option`: usage in streams must be asked for. `always`: it comes by itself and asking would be an error. */
  streamUsage: z.enum(['option', 'always']).default('option'),
  /**
   * It is OpenAI's API, with custom tools, `verbosity`, `prompt_cache_key` and all else. Servers that are only like it refuse
   * what they do not know, so requests that are translated have less for them.
   */
  fullOpenai: z.boolean().default(false),
  /** Wire formats whose answers it does not keep, although the API says so: the gateway keeps them instead. */
  stateless: z.array(z.string()).default([]),
  /** Prices are looked up under that id; its own when absent. */
  prices: z.string().optional(),
  /** Nothing to pay: local servers and the mock. */
  free: z.boolean().default(false),
  /** Where its API is documented. */
  docs: z.string().optional(),
});
export type ProviderRow = z.infer<typeof providerRow>;
export type ProviderRowInput = z.input<typeof providerRow>;

/** A request as it leaves the gateway. */
export interface UpstreamRequest {
  method: string;
  /** Path and query below the provider's origin. */
  path: string;
  /** Flat name, value pairs, lower-case names. */
  headers: HeaderList;
  body: Buffer | null;
  /**
   * A body that is still coming while it is sent; `body` is null then. Only transports over HTTP are given one. Its length
   * is in the headers when it is known.
   */
  upload?: NodeJS.ReadableStream;
}

/** What a transport tells about an answer as it comes; push, never pull. Calls stop after `end` or `error`. */
export interface UpstreamSink {
  /** A connection stands and the request leaves; transports that know nothing of it do not say it. */
  connected?(): void;
  head(status: number, headers: HeaderList): void;
  /** Returns false when the client is full: send nothing more until `resume` of the running call is called. */
  data(chunk: Buffer): boolean;
  end(): void;
  error(error: Error): void;
}

/** A running upstream call. */
export interface UpstreamCall {
  /** Stops it at once; the sink hears nothing more. */
  abort(): void;
  resume(): void;
}

/** A provider that answers inside the process instead of over HTTP (the mock, a local model). */
export interface Transport {
  dispatch(request: UpstreamRequest, sink: UpstreamSink): UpstreamCall;
  /**
   * The gateway stops, or a reload took the provider away. Requests that began before may still run on it to their end, or
   * be tried again.
   */
  close?(): Promise<void>;
}

/** What a plugin may register as a provider: a row, and a transport when it does not speak HTTP. */
export interface ProviderModule {
  row: ProviderRowInput;
  transport?: () => Transport;
}
