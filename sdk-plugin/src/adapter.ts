import type { Usage } from './canonical/usage.js';
import type { HeaderList } from './headers.js';
import type { JsonObject } from './json.js';

/**
 * Calls of OpenAI's API that a provider with an API of its own can be asked through an adapter, as they stand behind the
 * version in the client's path, https://platform.openai.com/docs/api-reference.
 */
export const ADAPTED_CALLS = [
  'audio/speech',
  'audio/transcriptions',
  'audio/translations',
  'images/edits',
  'images/generations',
  'images/variations',
  'moderations',
] as const;
export type AdaptedCallName = (typeof ADAPTED_CALLS)[number];

/** A file of the client's form. It may wait on disk: what only passes it on puts it into the body as it is. */
export interface CallFile {
  /** The form's field, without `[]`. */
  readonly field: string;
  /** As the client named it; '' when it did not. */
  readonly name: string;
  /** `application/octet-stream` when the client did not say. */
  readonly contentType: string;
  /** Bytes. */
  readonly size: number;
  /** All of it in memory. Rejects above the gateway's `body_limit`. */
  bytes(): Promise<Buffer>;
  /** Piece by piece, no faster than it is taken. */
  chunks(): AsyncIterable<Buffer>;
}

/** A client's request in OpenAI's words. */
export interface AdapterCall {
  readonly name: AdaptedCallName;
  /** The target's, which may not be the one in `fields`. */
  readonly model: string;
  /** Path that the provider's row has for the adapter, below the provider's origin, its holes filled. */
  readonly path: string;
  /**
   * Of a JSON body all of it. Of a form its texts, which are strings; fields that come more than once, or end in `[]`, are
   * lists without the `[]`.
   */
  readonly fields: JsonObject;
  readonly files: readonly CallFile[];
}

/** One request to the provider. */
export interface ProviderAsk {
  /** `POST` when absent. */
  method?: 'GET' | 'POST';
  /** Path and query below the origin. */
  path: string;
  /**
   * Scheme and host, when it is not the provider's own: of a job that one of several clusters has. Refused unless it is
   * under the same domain, since the key goes there.
   */
  origin?: string | undefined;
  /** Lower-case names; beside those of the provider's row and key. */
  headers?: HeaderList;
  /** An object is sent as JSON; a list one after the other, the content type then being among the headers. */
  body?: JsonObject | readonly (Buffer | CallFile)[];
  /** Milliseconds to wait before it is sent: another look at a job. */
  afterMs?: number;
  /** Fields of the client that the provider has no words for. What becomes of them is the operator's choice (`on_unsupported`). */
  unsaid?: readonly string[];
}

/** What came back with a status below 400. */
export interface ProviderReply {
  readonly headers: HeaderList;
  readonly body: Buffer;
  /** Path and origin of the request that it answers, as in {@link ProviderAsk}. */
  readonly path: string;
  readonly origin: string | undefined;
}

/** The answer to the client, in OpenAI's words. */
export interface AdapterAnswer {
  /** An object is sent as `application/json`. */
  body: JsonObject | Buffer;
  /** `application/json` when absent. */
  contentType?: string;
  /** Where `body` does not say it in OpenAI's own `usage`. */
  usage?: Usage;
}

/** The provider has failed, or would not, although its status said otherwise. Judged like an answer of that status. */
export interface AdapterRefusal {
  refused: { status: number; message: string };
}

/**
 * How a provider whose API is its own does what a call of OpenAI's API asks for. A provider's row names it, with its path:
 * `adapters: { "elevenlabs-speech": "/v1/text-to-speech" }`.
 */
export interface CallAdapter {
  readonly id: string;
  readonly calls: readonly AdaptedCallName[];
  /** The first request. Throws MalformedBody for what the client has to say otherwise. */
  ask(call: AdapterCall): ProviderAsk | Promise<ProviderAsk>;
  /**
   * What comes next: the answer, or another request. Throws MalformedBody when the reply makes no sense. Absent: the bytes
   * of the reply are the answer, as they come; for sound.
   */
  read?(reply: ProviderReply, call: AdapterCall): AdapterAnswer | ProviderAsk | AdapterRefusal;
  /** Whether the reply to this call is its answer as it comes, although there is a `read`. */
  passes?(call: AdapterCall): boolean;
}
