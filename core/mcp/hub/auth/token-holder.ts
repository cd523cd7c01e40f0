/** What a server is shown. */
export interface Token {
  readonly value: string;
  /** Unix milliseconds; null: nobody has said. */
  readonly expiresAt: number | null;
  /** It has been let in before, so that it is worth another one when it is not any more. */
  readonly isOld?: boolean;
}

/** It is not used that close to its end: the request must arrive before it. */
const MARGIN_MS = 5_000;
/** A new one is asked for that long before the old one ends, or a fifth of its life if that is less. */
const EARLY_MS = 60_000;
/** After a failure nobody is asked for that long: all would fail the same way. */
const REST_MS = 1_000;

/**
 * A token that is good for a while: asked for by the first who needs it, once however many wait; renewed before it ends, and when
 * it was refused.
 */
export class TokenHolder {
  private token: Token | null = null;
  private renewAt = 0;
  private pending: Promise<Token> | null = null;
  private failure: unknown = null;
  private restsUntil = 0;
  /** It was let in at least once. */
  private worked = false;

  constructor(
    private readonly ask: () => Promise<Token>,
    private readonly now: () => number = Date.now,
  ) {}

  /** The token as it is, be it good or not. */
  get current(): Token | null {
    return this.token;
  }

  /** Rejects with what `ask` does. */
  async get(): Promise<Token> {
    const now = this.now();
    const { token } = this;
    if (token === null || (token.expiresAt !== null && now >= token.expiresAt - margin(token, this.renewAt)))
      return this.fresh();
    // That it fails is no matter yet: the old one is still good.
    if (now >= this.renewAt) this.fresh().catch(() => {});
    return token;
  }

  accepted(value: string): void {
    if (this.token?.value === value) this.worked = true;
  }

  /** A server has refused this one. Resolves to whether there is another one now. Rejects with what `ask` does. */
  async refused(value: string): Promise<boolean> {
    if (this.token?.value === value) {
      // One that never was of any use is not the better for being new.
      if (!this.worked) return false;
      this.token = null;
    }
    return (await this.get()).value !== value;
  }

  forget(): void {
    this.token = null;
    this.failure = null;
  }

  private fresh(): Promise<Token> {
    if (this.pending !== null) return this.pending;
    if (this.failure !== null && this.now() < this.restsUntil) return Promise.reject(this.failure);
    this.pending = this.ask().then(
      (token) => this.take(token),
      (reason) => {
        this.pending = null;
        this.failure = reason;
        this.restsUntil = this.now() + REST_MS;
        throw reason;
      },
    );
    return this.pending;
  }

  private take(token: Token): Token {
    const now = this.now();
    this.pending = null;
    this.failure = null;
    this.worked = token.isOld === true;
    this.token = token;
    this.renewAt =
      token.expiresAt === null
        ? Number.POSITIVE_INFINITY
        : token.expiresAt - Math.min(EARLY_MS, (token.expiresAt - now) / 5);
    return token;
  }
}

/** Of one that lives for seconds, less. */
function margin({ expiresAt }: Token, renewAt: number): number {
  return expiresAt === null ? 0 : Math.min(MARGIN_MS, (expiresAt - renewAt) / 2);
}
