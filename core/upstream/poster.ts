import type { Agent } from 'undici';

/** Largest answer that is read of somebody who only has to say whether it went well. */
const MAX_BYTES = 256 * 1024;

export interface PostAnswer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Posts what the gateway tells others of itself, to addresses of the operator alone. No redirects. Undici's client is loaded
 * by the first post.
 */
export class Poster {
  private agent: Promise<Agent> | null = null;

  /** Rejects when there is no answer in time. */
  async post(
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array,
    timeoutMs: number,
    method: 'POST' | 'PUT' = 'POST',
  ): Promise<PostAnswer> {
    this.agent ??= import('undici').then(
      ({ Agent }) => new Agent({ connect: { timeout: 5_000 }, keepAliveTimeout: 10_000 }),
    );
    const dispatcher = await this.agent;
    const { origin, pathname, search } = new URL(url);
    const answer = await dispatcher.request({
      origin,
      path: pathname + search,
      method,
      headers,
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      // What it says beyond that is of no use; the rest is read so that the connection can be used again.
      if (size <= MAX_BYTES) chunks.push(chunk);
    }
    return {
      status: answer.statusCode,
      headers: Object.fromEntries(
        Object.entries(answer.headers).map(([name, value]) => [name, String(value)]),
      ),
      body: Buffer.concat(chunks),
    };
  }

  /** Posts that run are cut off. */
  async close(): Promise<void> {
    await (await this.agent)?.destroy();
  }
}
