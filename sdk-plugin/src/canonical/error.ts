/** What went wrong, in terms that every client API can express. */
export type ErrorKind =
  | 'invalid-request'
  | 'authentication'
  | 'permission'
  | 'not-found'
  | 'too-large'
  | 'budget'
  | 'rate-limit'
  | 'content-filter'
  | 'timeout'
  | 'overloaded'
  | 'unavailable'
  | 'upstream'
  | 'internal';

export interface CanonicalError {
  kind: ErrorKind;
  /** HTTP status for the client. */
  status: number;
  /** Stable machine-readable code, e.g. `model_not_found`. */
  code: string;
  /** For people. Never holds a secret or a stack. */
  message: string;
  /** The request field at fault. */
  param?: string;
  /** Milliseconds until a retry makes sense. */
  retryAfterMs?: number;
}
