import type { CanonicalError } from './canonical/error.js';
import type { Usage } from './canonical/usage.js';

/** What a client's opening request of a WebSocket may say, and how. */
export interface SocketHandshake {
  /** Query parameters that name the model; the first one that is there counts. Absent: the first message names it. */
  readonly modelQuery?: readonly string[];
  /** Further query parameters that are passed on to the provider. */
  readonly query?: readonly string[];
  /** Query parameter that names a session which is there already, begun in another way: it has its model. */
  readonly callQuery?: string;
  /** Headers that are passed on to the provider, lower case. */
  readonly headers?: readonly string[];
  /** The subprotocol that is agreed to when the client offers it. */
  readonly protocol?: string;
  /** What begins a subprotocol that carries the client's key: browsers cannot set headers. */
  readonly keyProtocol?: string;
  /** What begins a short-lived secret that the provider itself made, to be given to browsers. */
  readonly secretPrefix?: string;
  /** What stands before such a secret in the header `authorization`; `Bearer` when absent. */
  readonly secretScheme?: string;
  /** Query parameter that carries the client's key. */
  readonly keyQuery?: string;
  /** Subprotocols that stand for a header of the provider. */
  readonly headerProtocols?: Readonly<Record<string, readonly [name: string, value: string]>>;
}

/** What a provider's message says of its answers. */
export type SocketNews =
  /** An answer has begun: from now on something is used. */
  | { readonly what: 'begun' }
  | {
      readonly what: 'used';
      /**
       * What was used since the last such message. More than one where parts are billed apart: audio from the cache and
       * audio that is not, which one `Usage` cannot tell from each other.
       */
      readonly usages: readonly Usage[];
      /** The model that used it; null: the one that the session asked for. */
      readonly model: string | null;
      /** An answer is complete: limits and budgets are looked at again. */
      readonly ends: boolean;
    };

/** Follows one session. */
export interface SocketReader {
  /**
   * Called with every message of the provider after it was passed on, so it must see from a few bytes that a message says
   * nothing of usage; null then. One that throws is not called again.
   */
  provider(message: Buffer): SocketNews | null;
}

/**
 * What the gateway must know of an API that is spoken over a WebSocket. Messages pass as they came, both ways; only the
 * model's name is written anew where the client's messages have it.
 */
export interface SocketFormat {
  readonly handshake: SocketHandshake;
  /**
   * Names of the members, outermost first, under which a client's message has its model; null when it has none, which for
   * most messages must be told from their first bytes. `message` is only borrowed.
   */
  modelPath(message: Buffer): readonly string[] | null;
  /**
   * What may stand before the model's name in a message, such as `models/`. What a provider's path of this format has behind
   * a `#` takes its place there.
   */
  readonly modelPrefix?: string | RegExp;
  /** The same for the provider's messages: where one repeats the model's name, the client reads the one it knows. */
  modelToldIn?(message: Buffer): readonly string[] | null;
  reader(): SocketReader;
  /** An error as a message to the client; null where this API has none and the reason of the close must do. */
  error(error: CanonicalError, requestId: string): string | null;
}
