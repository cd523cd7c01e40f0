import type { CanonicalError } from './canonical/error.js';
import type { ScannedFields } from './format.js';
import type { JsonObject } from './json.js';

/** What a request says about state. */
export interface StateAsked {
  /** Whether the answer is to be kept: yes unless the request says otherwise. */
  readonly store: boolean;
  /** The client does not wait for the answer but comes back for it. */
  readonly background: boolean;
  /** Id of the answer that the request goes on from. */
  readonly previous: string | null;
  /** Id of an object of the provider that holds the conversation. */
  readonly conversation: string | null;
}

/** A conversation as it is kept: everything that was asked up to an answer, and that answer. */
export interface KeptTurn {
  readonly input: readonly JsonObject[];
  readonly answer: JsonObject;
}

/** What one event of a stream means for an answer that is kept. */
export interface KeptEvent {
  /** Its place in the stream. */
  readonly sequence: number;
  /** The answer as it is from now on, where the event is the last one that tells of it. */
  readonly answer: JsonObject | null;
}

/** Why the list of a kept answer's items cannot be given. */
export interface ListProblem {
  readonly problem: string;
  readonly param: string;
}

/**
 * An API whose answers are kept and can be gone on from, read again, stopped and deleted (OpenAI's Responses). A provider
 * of the format keeps them itself; for all others the gateway does, and this says how the API writes what is kept.
 */
export interface StatefulFormat {
  /** Top-level request fields about state, which a provider without it is not told. */
  readonly fields: readonly string[];
  /** Answers that the gateway keeps have ids that begin like this; the rest of an id is letters and digits. */
  readonly idPrefix: string;
  /** Throws {@link MalformedBody}. Called for each request of the format: reads no more than it must. */
  asked(fields: ScannedFields): StateAsked;
  /** The id of an answer on its way: of a whole body, or of the first events of a stream. */
  idOf(bytes: Buffer, stream: boolean): string | undefined;
  /**
   * The request with all of the conversation so far as its input, and without the fields that named it. Throws
   * {@link MalformedBody}.
   */
  continued(body: JsonObject, earlier: KeptTurn): JsonObject;
  /**
   * All items of a conversation up to an answer as they are kept and listed, each with an id. `body`: the request as the
   * client wrote it. `id`: of the answer. `earlier`: what it goes on from. Throws {@link MalformedBody}.
   */
  items(body: JsonObject, id: string, earlier: KeptTurn | null): JsonObject[];
  /** Settings of the request that its answer repeats, those about state included. */
  echo(body: JsonObject, asked: StateAsked, store: boolean): JsonObject;
  /** What is known of an answer that is still to come. `created`: unix seconds. */
  begun(id: string, created: number, model: string, echo: JsonObject): JsonObject;
  /** Reads an event of a stream that this format's encoder wrote. */
  event(type: string, data: string): KeptEvent;
  /** The answer while it is made. */
  running(answer: JsonObject): JsonObject;
  /** The answer as it is when something ended it early. */
  failed(answer: JsonObject, error: CanonicalError): JsonObject;
  cancelled(answer: JsonObject): JsonObject;
  deleted(id: string): JsonObject;
  /** A page of a list of items, as the query asks. */
  page(items: readonly JsonObject[], query: URLSearchParams): JsonObject | ListProblem;
}
