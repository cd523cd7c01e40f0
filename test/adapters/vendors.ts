import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { definePlugin, type SettledRecord } from '@headgate/sdk';
import OpenAI from 'openai';
import { embed } from '../gateway/embedded.js';

/** A request as a vendor saw it; the fields of a form by name, its files as `[name, type, bytes]`. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly json: Record<string, unknown>;
  readonly form: Record<string, unknown>;
}

export interface Said {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** An object is said as JSON, a list of buffers piece by piece. */
  readonly body: object | Buffer | string | readonly Buffer[];
}

/** The providers whose APIs are their own, behind one address, each below a path of its own. */
export async function startVendors() {
  const seen: Seen[] = [];
  let answer: (asked: Seen) => Said = () => ({ status: 404, body: { error: 'nothing here' } });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const asked = await seenOf(request, Buffer.concat(chunks));
      seen.push(asked);
      const { status = 200, headers = {}, body } = answer(asked);
      const pieces = Array.isArray(body) ? (body as readonly Buffer[]) : null;
      const raw = Buffer.isBuffer(body) || typeof body === 'string';
      const type = raw || pieces !== null ? {} : { 'content-type': 'application/json' };
      response.writeHead(status, { ...type, ...headers });
      if (pieces !== null) {
        for (const piece of pieces) {
          response.write(piece);
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        response.end();
      } else response.end(raw ? (body as Buffer) : JSON.stringify(body));
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const at = (name: string, more: object = {}) => ({
    base_url: `${url}/${name}`,
    keys: [{ value: `key-of-${name}-0123456789` }],
    ...more,
  });
  const settled: SettledRecord[] = [];
  const witness = definePlugin({
    name: 'witness',
    version: '1.0.0',
    setup: () => ({
      settled(record) {
        settled.push(structuredClone(record));
      },
    }),
  });
  const gateway = await embed({
    config: {
      auth: { required: false },
      server: { body_limit: '1mb' },
      providers: {
        openai: at('openai/v1'),
        elevenlabs: at('elevenlabs'),
        deepgram: at('deepgram'),
        assemblyai_speech: at('assemblyai'),
        gemini: at('gemini'),
        stability: at('stability'),
        fal: at('fal'),
        black_forest_labs: at('bfl'),
        replicate: at('replicate'),
        runway: at('runway'),
        mistral: at('mistral/v1'),
        bedrock: {
          ...at('bedrock'),
          keys: [{ value: 'AKIAEXAMPLE000000001:not-a-secret-0123456789' }],
        },
      },
      models: {
        ears: { targets: ['openai/whisper-1', 'deepgram/nova-3'], retries: { attempts: 1 } },
        strict: { targets: ['elevenlabs/eleven_v3', 'deepgram/aura-2'], on_unsupported: 'reject' },
      },
    },
    plugins: [witness],
  });
  const client = new OpenAI({
    apiKey: 'none',
    baseURL: 'http://headgate.internal/v1',
    maxRetries: 0,
    fetch: ((input: string | URL | Request, init?: RequestInit) =>
      gateway.fetch(input, init)) as typeof fetch,
  });
  return {
    url,
    client,
    gateway,
    settled,
    seen,
    /** What is said from now on; forgets what was seen. */
    say(by: (asked: Seen) => Said): void {
      answer = by;
      seen.length = 0;
      settled.length = 0;
    },
    async close(): Promise<void> {
      await gateway.close();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function seenOf(request: IncomingMessage, body: Buffer): Promise<Seen> {
  const { method = '', url = '', headers } = request;
  const type = headers['content-type'] ?? '';
  const json = /json/.test(type) && body.length > 0 ? (JSON.parse(body.toString()) as Seen['json']) : {};
  const form: Record<string, unknown> = {};
  if (type.startsWith('multipart/')) {
    // The platform's own parser: what it cannot read is no form.
    const parsed = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
    for (const [name, value] of parsed)
      form[name] =
        typeof value === 'string'
          ? value
          : [value.name, value.type, Buffer.from(await value.arrayBuffer()).toString()];
  }
  return { method, url, headers, body, json, form };
}
