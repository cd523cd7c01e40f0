import type { Host } from '@headgate/sdk';
import type { Agent } from 'undici';

const DEFAULT_TIMEOUT_MS = 10_000;

type Fetch = Host['fetch'];

/** Requests for texts over connections of their own. Few gateways make any, so undici's client is loaded by the first. */
export class TextFetch {
  private agent: Promise<Agent> | null = null;

  /** @param maxBytes the largest answer; a larger one is an error */
  constructor(
    private readonly options: Agent.Options,
    private readonly maxBytes: number,
  ) {}

  /** One request, its answer read as text. No redirects. */
  async fetch(url: string | URL, init: NonNullable<Parameters<Fetch>[1]>): ReturnType<Fetch> {
    this.agent ??= import('undici').then(({ Agent }) => new Agent(this.options));
    const dispatcher = await this.agent;
    const { origin, pathname, search } = new URL(url);
    const answer = await dispatcher.request({
      origin,
      path: pathname + search,
      method: (init.method ?? 'GET') as 'GET',
      headers: init.headers ?? {},
      body: init.body ?? null,
      signal: AbortSignal.timeout(init.timeoutMs ?? DEFAULT_TIMEOUT_MS),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.maxBytes) throw new Error(`the answer is larger than ${this.maxBytes} bytes`);
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
  }

  /** Requests that run may end. */
  async close(): Promise<void> {
    await (await this.agent)?.close();
  }

  /** Requests that run are cut off. */
  async destroy(): Promise<void> {
    await (await this.agent)?.destroy();
  }
}
