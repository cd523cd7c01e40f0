import type { JSONRPCMessage, Transport, TransportSendOptions } from '@modelcontextprotocol/client';
import type { ServerUrlRules } from '../../config/server-url-rules.js';
import { StreamFetch } from '../../upstream/stream-fetch.js';
import type { Credentials } from './auth/credentials.js';
import { type PlainFetch, signedFetch } from './auth/signed-fetch.js';
import { bounded } from './bounded-body.js';
import { FloodGate } from './flood-gate.js';
import { CUT_OFF, TOO_LARGE } from './own-codes.js';

export interface HttpParts {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: Credentials;
  /** Of one message. */
  readonly maxBytes: number;
  readonly connectTimeoutMs: number;
  /** What addresses it may have; null: any. */
  readonly only: ServerUrlRules | null;
}

/** Makes the client library's own transport, which uses this `fetch` for everything. */
export type MakeTransport = (url: URL, fetch: PlainFetch, headers: HttpParts['headers']) => Transport;

/** How long an answer that has ended may still take to be read here. */
const READ_MS = 100;

/**
 * A server over HTTP: the client library's transport with limits, and with an answer for every request. The library waits
 * until the time-out for one whose stream ended without it.
 */
export class HttpTransport implements Transport {
  onclose: Transport['onclose'];
  onerror: Transport['onerror'];
  onmessage: Transport['onmessage'];
  why = '';
  readonly hasPerRequestStream: boolean;
  private readonly inner: Transport;
  private readonly http: StreamFetch;
  private readonly signed: PlainFetch;
  private readonly open = new Set<string | number>();
  private readonly flood = new FloodGate();
  private isClosed = false;

  constructor(
    private readonly parts: HttpParts,
    make: MakeTransport,
  ) {
    const { url, headers, credentials, connectTimeoutMs, only } = parts;
    this.http = new StreamFetch({ origin: url.origin, connectTimeoutMs, only });
    this.signed = signedFetch(credentials, this.http.fetch);
    const inner = make(url, (to, init) => this.fetch(to, init), headers);
    this.hasPerRequestStream = inner.hasPerRequestStream === true;
    inner.onerror = (error) => this.onerror?.(error);
    inner.onclose = () => this.closed();
    inner.onmessage = (message, extra) => {
      if (this.isAwaited(message) || this.flood.passes()) this.onmessage?.(message, extra);
      else this.fail('it floods the gateway with messages that nobody asked for');
    };
    this.inner = inner;
  }

  get sessionId(): string | undefined {
    return this.inner.sessionId;
  }

  setProtocolVersion(version: string): void {
    this.inner.setProtocolVersion?.(version);
  }

  start(): Promise<void> {
    return this.inner.start();
  }

  send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if ('id' in message && 'method' in message) this.open.add(message.id);
    return this.inner.send(message, options);
  }

  async close(): Promise<void> {
    // A server that keeps sessions need not wait until this one is forgotten.
    const { inner } = this;
    if (inner.sessionId !== undefined && 'terminateSession' in inner)
      await Promise.race([(inner.terminateSession as () => Promise<void>)().catch(() => {}), pause(READ_MS)]);
    await inner.close();
    await this.http.close();
    this.closed();
  }

  private async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const response = await this.signed(url, init);
    const id = init.method === 'POST' && typeof init.body === 'string' ? idOf(init.body) : null;
    return bounded(response, this.parts.maxBytes, {
      tooLarge: () => this.answer(id, TOO_LARGE),
      ended: (resumable) => {
        const isAnswer = (response.headers.get('content-type') ?? '').startsWith('text/event-stream');
        if (id !== null && isAnswer && !resumable) setTimeout(() => this.answer(id, CUT_OFF), READ_MS);
      },
    });
  }

  /** In the place of the server, unless it has answered. */
  private answer(id: string | number | null, code: number): void {
    if (id === null) {
      if (code === TOO_LARGE) this.fail(`it sent a message of more than ${this.parts.maxBytes} bytes`);
      return;
    }
    if (!this.open.delete(id)) return;
    this.onmessage?.({ jsonrpc: '2.0', id, error: { code, message: 'cut off' } });
  }

  private isAwaited(message: JSONRPCMessage): boolean {
    return (
      'id' in message && !('method' in message) && message.id !== undefined && this.open.delete(message.id)
    );
  }

  private fail(why: string): void {
    this.why ||= why;
    this.close().catch(() => {});
  }

  private closed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onclose?.();
  }
}

function idOf(body: string): string | number | null {
  const message = JSON.parse(body) as { id?: string | number; method?: string };
  return message.method === undefined ? null : (message.id ?? null);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
