/** One side of a request as it is kept: redacted. */
export interface KeptBody {
  readonly type: string;
  /** All of it, before anything was taken out; more than is in `text` where it was cut. */
  readonly bytes: number;
  readonly truncated: boolean;
  /** Put together from the events of a stream. */
  readonly whole: boolean;
  /** Something was taken out of it, or of the address it was sent to. Not there: kept by a version that did not say. */
  readonly redacted?: boolean;
  /** Null: it was no text, or nothing of it may be kept. */
  readonly text: string | null;
}

/** What is kept of a request and its answer. */
export interface KeptBodies {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Name, value, … */
  readonly headers: readonly string[];
  readonly status: number;
  /** Id of the virtual key. */
  readonly keyId: string;
  readonly request: KeptBody;
  readonly answer: KeptBody;
}
