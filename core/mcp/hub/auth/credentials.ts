import type { Behalf, McpRefusal } from '../../protocol.js';

/** A request to a server that is about to leave. */
export interface Outgoing {
  readonly method: string;
  readonly url: URL;
  /** What is needed is added to these. */
  readonly headers: Headers;
  /** Null for none. */
  readonly body: string | null;
}

/** What requests to one server on behalf of one owner come with, beside fixed headers. */
export interface Credentials {
  /** Rejects with a CredentialError when there is nothing to come with, so that nobody is asked in vain. */
  ready(): Promise<void>;
  /** Rejects with a CredentialError. */
  sign(request: Outgoing): Promise<void>;
  /**
   * What came of a request that was signed. True: it is worth another try, which will be signed anew. Rejects with a CredentialError
   * that says what is missing.
   */
  answered(response: Response, request: Outgoing): Promise<boolean>;
  /** The owner has come again, perhaps with something newer. */
  renew(behalf: Behalf): void;
  /** What must never be told to anybody. */
  secrets(): readonly string[];
}

/** There is nothing to come with. It is nobody's failure: the server is not the worse for it. */
export class CredentialError extends Error {
  constructor(readonly refusal: McpRefusal) {
    super(String(refusal.details['why'] ?? refusal.details['how'] ?? refusal.code));
  }
}

/** The same, wherever in the chain of causes it is; null when it is something else. */
export function credentialErrorIn(error: unknown): CredentialError | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof CredentialError) return at;
  return null;
}

/** Nothing is needed beside fixed headers. */
export const NO_CREDENTIALS: Credentials = {
  ready: async () => {},
  sign: async () => {},
  answered: async () => false,
  renew: () => {},
  secrets: () => [],
};

/** There can be none. */
export function withoutCredentials(refusal: McpRefusal): Credentials {
  const reject = () => Promise.reject(new CredentialError(refusal));
  return { ...NO_CREDENTIALS, ready: reject, sign: reject };
}

/** Headers that stay as they are. */
export function fixedHeaders(headers: readonly (readonly [name: string, value: string])[]): Credentials {
  return {
    ...NO_CREDENTIALS,
    sign: async (request) => {
      for (const [name, value] of headers) request.headers.set(name, value);
    },
    secrets: () => headers.flatMap(([, value]) => [value, value.replace(/^\w+ /, '')]),
  };
}
