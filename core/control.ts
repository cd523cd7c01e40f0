import type { CanonicalError, HeaderList, UsedBy, UsedSoFar } from '@headgate/sdk';
import type { OwnedObject } from './forward/owner.js';
import type { SigningKeySet } from './identity/jwt/issuer.js';
import type { KeyFacts } from './identity/virtual-key.js';
import type { KeptAsk, KeptReply } from './kept/kept-answer.js';
import type { McpAsk, McpReply } from './mcp/protocol.js';
import type { CounterWindow } from './state/counter-window.js';
import type { LeasePort } from './state/lease-port.js';
import type { AnswerStream, StreamAsk, StreamSource } from './streamed.js';

/** Asked for with a virtual key in place of the admin token. */
export const OWN_QUOTA = '/api/me';
/** Where the secret waits that takes the place of one that was rotated. */
export const OWN_SECRET = '/api/me/secret';
export const OWN_ROTATION = '/api/me/rotate';

/** A request that an I/O thread passes to the main thread: `/api`, `/metrics`, readiness. */
export interface ControlRequest {
  method: string;
  path: string;
  query: string;
  headers: HeaderList;
  body: Uint8Array;
  /** Of the client; '' inside the process. */
  address: string;
  /** The virtual key that the request came with, for `/api/me` and what is below; null when there is none that is known. */
  key: KeyFacts | null;
}

/** An error is put into the shape of the client's API by the I/O thread, which has the wire formats. */
export type ControlAnswer =
  | { status: number; headers: HeaderList; body: string }
  /** The body comes piece by piece, once it is asked for by this id with `Control.stream`. */
  | { status: number; headers: HeaderList; stream: string }
  | { error: CanonicalError; headers: HeaderList };

/**
 * What an I/O thread may ask of the main thread. In one process with one thread it is a direct call; between threads it
 * is messages. Nothing here is on the way of a model request, but where nodes share counters: then `raiseHolds` may be.
 */
export interface Control extends LeasePort {
  handle(request: ControlRequest): Promise<ControlAnswer>;
  /** Place of a counter in the shared memory. */
  counterSlot(name: string, size: number, window: CounterWindow): Promise<number>;
  kvGet(key: string): Promise<unknown>;
  kvSet(key: string, value: unknown, ttlMs?: number): Promise<void>;
  kvDelete(key: string): Promise<void>;
  countTokens(model: string, text: string): Promise<number>;
  /** Those of these ids of objects that are known. */
  ownersOf(ids: readonly string[]): Promise<OwnedObject[]>;
  own(objects: readonly OwnedObject[]): Promise<void>;
  /** Public keys of an issuer of tokens; null while there are none. */
  signingKeys(issuer: string, kid: string | null, have: number): Promise<SigningKeySet | null>;
  /** Asks the store of kept answers. One that is stopped or deleted is stopped in the thread that it runs in. */
  kept(question: KeptAsk): Promise<KeptReply>;
  /** Asks for servers of tools. */
  mcp(ask: McpAsk): Promise<McpReply>;
  /** Asks for an answer that comes piece by piece, for as long as it may take. */
  stream(ask: StreamAsk, to: AnswerStream): StreamSource;
  /** What the requests used that are counted for it and arrived since then, unix milliseconds, by the ledger. */
  used(of: UsedBy, since: number): Promise<UsedSoFar>;
}
