/** Which settled requests a sink is told of. What is kept whatever the share: errors, and what was slow or dear. */
export interface SinkSampling {
  /** 0 to 1. */
  readonly share: number;
  /** The first rule that fits says another share. */
  readonly rules: readonly {
    readonly share: number;
    /** Names of keys, public model names, teams; a `*` at the end stands for anything. All that are given must fit. */
    readonly keys?: readonly string[];
    readonly models?: readonly string[];
    readonly teams?: readonly string[];
    /** Values of metadata, by field. */
    readonly metadata?: Readonly<Record<string, readonly string[]>>;
  }[];
  /** Where the client said whether its trace is sampled, that counts in place of the share. */
  readonly followParent: boolean;
  readonly keepErrors: boolean;
  /** Null: none is kept for that. */
  readonly keepSlowerMs: number | null;
  readonly keepCostlierNano: number | null;
}

/** How records go to a sink. */
export interface SinkDelivery {
  /** Null: as its row says. */
  readonly batchRecords: number | null;
  readonly batchWaitMs: number | null;
  /** Most that waits for it, in bytes of records as they are kept. */
  readonly spoolBytes: number;
  readonly sampling: SinkSampling;
}

/** A sink as it runs. Plain data: it travels between threads, with its secrets in the clear. */
export interface SinkSettings extends SinkDelivery {
  /** Unique among the sinks; small letters, digits, `_`, `-`. */
  readonly name: string;
  /** Id of its row. */
  readonly use: string;
  /** What its row asks for, as given. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  /** It is told what is kept of requests and answers. */
  readonly content: boolean;
}

/** All that the sinks' thread is started with. */
export interface SinksSetup {
  readonly sinks: readonly SinkSettings[];
  /** Names this gateway among others. */
  readonly instance: string;
}
