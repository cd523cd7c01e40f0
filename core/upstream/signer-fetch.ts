import type { Host } from '@headgate/sdk';
import { Agent, request } from 'undici';

/** Largest answer of a token endpoint. */
const MAX_BYTES = 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * What signers ask for tokens with. Any address, since clouds serve them at link-local ones: where a request goes is said by
 * the operator and the provider's row alone, never by a client. No redirects.
 */
export class SignerFetch {
  private readonly agent = new Agent({ connect: { timeout: 5_000 }, keepAliveTimeout: 10_000 });

  readonly fetch: Host['fetch'] = async (url, init = {}) => {
    const answer = await request(url, {
      method: (init.method ?? 'GET') as 'GET',
      headers: init.headers ?? {},
      body: init.body ?? null,
      dispatcher: this.agent,
      signal: AbortSignal.timeout(init.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new Error(`the answer is larger than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      ),
      text: async () => text,
    };
  };

  close(): Promise<void> {
    return this.agent.destroy();
  }
}
