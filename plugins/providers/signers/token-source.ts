import { type Clock, type OpenSigner, SignerFailure, type UpstreamRequest } from '@headgate/sdk';

export interface Token {
  /** Header name, value pairs to send with it. */
  readonly headers: readonly string[];
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** A token is not used that close to its end: the request must reach the provider before it. */
const MARGIN_MS = 30_000;
/** A new one is asked for that long before the old one ends, or a fifth of its life if that is less. */
const EARLY_MS = 5 * 60_000;
/** After a failure nobody is asked for that long: every request would fail the same way. */
const REST_MS = 1_000;

/**
 * Signs requests with a token that is good for a while. It is asked for by the first request that needs it, renewed before
 * it ends while the old one is still in use, and only once however many requests wait for it. While it is good, no promise
 * is made.
 */
export class TokenSource implements OpenSigner {
  private token: Token | null = null;
  private renewAt = 0;
  private pending: Promise<Token> | null = null;
  private failure: SignerFailure | null = null;
  private restsUntil = 0;

  /** @param ask rejects with whatever goes wrong; its message must hold no secret */
  constructor(
    private readonly ask: () => Promise<Token>,
    private readonly clock: Clock,
  ) {}

  sign(request: UpstreamRequest): void | Promise<void> {
    const now = this.clock.now();
    const { token } = this;
    if (token === null || now >= token.expiresAt - MARGIN_MS)
      return this.fresh(now).then((fresh) => put(fresh, request));
    // That it fails is no matter yet: the old one is still good.
    if (now >= this.renewAt) this.fresh(now).catch(() => {});
    put(token, request);
    return undefined;
  }

  private fresh(now: number): Promise<Token> {
    if (this.pending !== null) return this.pending;
    if (this.failure !== null && now < this.restsUntil) return Promise.reject(this.failure);
    this.pending = this.ask().then(
      (token) => this.take(token),
      (reason) => {
        this.pending = null;
        this.failure = failureOf(reason);
        this.restsUntil = this.clock.now() + REST_MS;
        throw this.failure;
      },
    );
    return this.pending;
  }

  private take(token: Token): Token {
    const now = this.clock.now();
    this.pending = null;
    this.failure = null;
    this.token = token;
    this.renewAt = token.expiresAt - Math.min(EARLY_MS, (token.expiresAt - now) / 5);
    return token;
  }
}

function put(token: Token, request: UpstreamRequest): void {
  for (const text of token.headers) request.headers.push(text);
}

function failureOf(reason: unknown): SignerFailure {
  if (reason instanceof SignerFailure) return reason;
  return new SignerFailure(reason instanceof Error ? reason.message : String(reason));
}
