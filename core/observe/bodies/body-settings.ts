/** What is taken out of a body before it is kept. */
export interface RedactRule {
  /** Names and positions of members, `*` for any; null: `pattern` counts. */
  readonly path: readonly string[] | null;
  /** For RE2, in every text; `''` where `path` counts. */
  readonly pattern: string;
  readonly with: string;
}

/** Whose bodies are kept, and how much of them: what I/O threads must know. */
export interface BodyWish {
  readonly on: boolean;
  /** From 0 to 1. */
  readonly share: number;
  /** Patterns of ids or names of keys, and of public names of models. */
  readonly keys: readonly string[];
  readonly models: readonly string[];
  /** Of a request, and of an answer. */
  readonly maxBytes: number;
}

export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  /** Origin of storage that is not AWS; null for AWS. */
  readonly endpoint: string | null;
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What becomes of them in the ledger's thread. Counts at the start. */
export interface BodyKeeping {
  readonly secrets: boolean;
  readonly redact: readonly RedactRule[];
  /** Absolute path; null: not in files. */
  readonly folder: string | null;
  readonly s3: S3Settings | null;
  /** Where some lie from before: they are read and deleted there. */
  readonly earlierS3: readonly S3Settings[];
  readonly keepMs: number;
  readonly maxBytes: number;
}

/** One side of a request, as an I/O thread hands it over: no more than the most that is kept. */
export interface TakenBody {
  /** Null: it was something that is no text. */
  readonly text: Uint8Array | null;
  readonly type: string;
  /** All of it. */
  readonly bytes: number;
  /** Put together from the events of a stream. */
  readonly whole: boolean;
}

/** Request and answer on their way to the ledger's thread. */
export interface TakenBodies {
  readonly id: string;
  /** Arrival, unix milliseconds. */
  readonly time: number;
  /** Id of the virtual key. */
  readonly keyId: string;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Headers that say how the request is to be read: name, value, … */
  readonly headers: readonly string[];
  readonly status: number;
  readonly request: TakenBody;
  readonly answer: TakenBody;
}
