import { type HeaderList, headerOf } from '@headgate/sdk';
import { StreamFetch } from '../../upstream/stream-fetch.js';
import { FORWARDED, forwardedHeader, hashOf, isOpen } from '../forwarded.js';
import type { McpFrontAsk } from '../front-protocol.js';
import { NoSession } from './no-session.js';

/** The other nodes, as far as sessions go. */
export interface NodeDirectory {
  /** This node in its present run. */
  readonly me: string;
  /** What the nodes share. */
  readonly secret: string;
  /** Where a node can be reached by the others; null when it is gone, or cannot be. Rejects when nobody can say. */
  addressOf(node: string): Promise<string | null>;
}

const CONNECT_MS = 2_000;
/** How long an address is believed. */
const BELIEVED_MS = 1_000;
/** Of a request, what is about its connection. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'expect',
  'upgrade',
  'te',
  'trailer',
  'host',
  'accept-encoding',
  FORWARDED,
]);
/** Of an answer, what is the client's business. */
const OF_ANSWER = ['content-type', 'cache-control', 'mcp-session-id', 'retry-after', 'allow'];

/** Passes requests on to the nodes that have their sessions. */
export class OtherNodes {
  private readonly known = new Map<string, { readonly url: string | null; readonly until: number }>();
  private readonly ways = new Map<string, StreamFetch>();

  constructor(private readonly nodes: NodeDirectory) {}

  /** The node in whose session a request is; null when that is this one, or none. */
  ownerOf(headers: HeaderList): string | null {
    const [, node = ''] = /\.([0-9a-f]{12})$/.exec(headerOf(headers, 'mcp-session-id') ?? '') ?? [];
    return node === '' || node === this.nodes.me ? null : node;
  }

  /** The node's answer, piece by piece. Rejects with NoSession when the session ended with its node, or that cannot be reached. */
  async pass(node: string, { method, body, passed }: McpFrontAsk, signal: AbortSignal): Promise<Response> {
    const url = await this.addressOf(node);
    if (url === null || passed === null) throw new NoSession(404, -32_001, 'Session not found');
    const { path, headers, address } = passed;
    const session = headerOf(headers, 'mcp-session-id') ?? '';
    const given = new Headers();
    const sealed: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const [name, value] = [headers[i] as string, headers[i + 1] as string];
      if (OF_CONNECTION.has(name)) continue;
      if (isOpen(name)) given.append(name, value);
      else sealed.push(name, value);
    }
    given.set(
      FORWARDED,
      forwardedHeader(
        this.nodes.secret,
        { address, headers: sealed },
        { method, path, session, body: hashOf(body) },
        Date.now(),
      ),
    );
    given.set('accept-encoding', 'identity');
    try {
      const answer = await this.wayTo(url).fetch(url + path, {
        method,
        headers: given,
        signal,
        ...(method === 'POST' && { body: body as Uint8Array<ArrayBuffer> }),
      });
      const kept = OF_ANSWER.flatMap((name): [string, string][] => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      });
      return new Response(answer.body, { status: answer.status, headers: kept });
    } catch (error) {
      signal.throwIfAborted();
      this.forget(node, url);
      // Nobody listens there any longer: what it knew is gone with it.
      if (isRefused(error)) throw new NoSession(404, -32_001, 'Session not found');
      throw new NoSession(503, -32_000, 'The node that has this session does not answer');
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.ways.values()].map((way) => way.close()));
    this.ways.clear();
  }

  private async addressOf(node: string): Promise<string | null> {
    const now = performance.now();
    const known = this.known.get(node);
    if (known !== undefined && known.until > now) return known.url;
    // Whoever makes names up finds nothing of it here.
    for (const [name, { until }] of this.known) if (until <= now) this.known.delete(name);
    let url: string | null;
    try {
      url = await this.nodes.addressOf(node);
    } catch {
      throw new NoSession(503, -32_000, 'It cannot be found out which node has this session; try again soon');
    }
    this.known.set(node, { url, until: now + BELIEVED_MS });
    return url;
  }

  private wayTo(url: string): StreamFetch {
    const { origin } = new URL(url);
    let way = this.ways.get(origin);
    if (way === undefined) {
      way = new StreamFetch({ origin, connectTimeoutMs: CONNECT_MS });
      this.ways.set(origin, way);
    }
    return way;
  }

  private forget(node: string, url: string): void {
    this.known.delete(node);
    const { origin } = new URL(url);
    const way = this.ways.get(origin);
    this.ways.delete(origin);
    way?.close().catch(() => {});
  }
}

function isRefused(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause)
    if ((at as { code?: unknown }).code === 'ECONNREFUSED') return true;
  return false;
}
