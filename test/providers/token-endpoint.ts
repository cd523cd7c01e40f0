import { SignerFailure, type SignerHost, type UpstreamRequest } from '@headgate/sdk';

export interface Asked {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly form: Record<string, string>;
  readonly body: string;
}

/** A token endpoint without a network, and a clock that moves when it is told to. */
export class TokenEndpoint {
  readonly asked: Asked[] = [];
  now = Date.parse('2026-05-01T12:00:00Z');
  /** What it answers; throws for a connection that fails. */
  answer: (asked: Asked) => { status?: number; body: unknown } = () => ({
    body: { access_token: `token-${this.asked.length}`, expires_in: 3600 },
  });
  private held: (() => void)[] | null = null;

  readonly host: SignerHost = {
    clock: { now: () => this.now, monotonic: () => this.now },
    fetch: async (url, init = {}) => {
      const asked: Asked = {
        url,
        method: init.method ?? 'GET',
        headers: init.headers ?? {},
        form: Object.fromEntries(new URLSearchParams(init.body ?? '')),
        body: init.body ?? '',
      };
      this.asked.push(asked);
      const held = this.held;
      if (held !== null) await new Promise<void>((resolve) => held.push(resolve));
      const { status = 200, body } = this.answer(asked);
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return { status, headers: {}, text: async () => text };
    },
  };

  /** Answers nobody until `release`. */
  hold(): void {
    this.held = [];
  }

  release(): void {
    for (const resolve of this.held ?? []) resolve();
    this.held = null;
  }
}

export function aRequest(path = '/v1/chat'): UpstreamRequest {
  return { method: 'POST', path, headers: ['content-type', 'application/json'], body: null };
}

/** What signing adds to a request's headers, by name; a SignerFailure for one that cannot be signed. */
export async function signed(
  signer: { sign(request: UpstreamRequest): void | Promise<void> } | undefined,
): Promise<Record<string, string> | SignerFailure> {
  const request = aRequest();
  try {
    await signer?.sign(request);
  } catch (error) {
    if (error instanceof SignerFailure) return error;
    throw error;
  }
  const added = request.headers.slice(2);
  return Object.fromEntries(
    Array.from({ length: added.length / 2 }, (_, i) => [added[2 * i] ?? '', added[2 * i + 1] ?? '']),
  );
}
