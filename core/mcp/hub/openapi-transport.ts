import type { JsonObject, JsonValue } from '@headgate/sdk';
import type { JSONRPCMessage } from '@modelcontextprotocol/client';
import type { McpServerConfig, OpenApiTransportConfig } from '../../config/mcp-config.js';
import { StreamFetch } from '../../upstream/stream-fetch.js';
import { type ApiRequest, requestOf } from '../openapi/request-of.js';
import { resultOf } from '../openapi/result-of.js';
import { BadArgument } from '../openapi/write-value.js';
import { ApiSource, type ReadApi } from './api-source.js';
import type { Credentials } from './auth/credentials.js';
import { type PlainFetch, signedFetch } from './auth/signed-fetch.js';
import type { OwnTransport } from './connect.js';
import { CUT_OFF, TOO_LARGE, UNREACHABLE } from './own-codes.js';
import { BodyTooLarge, readAtMost } from './read-at-most.js';

const METHOD_NOT_FOUND = -32_601;
const INVALID_PARAMS = -32_602;
const MOST_REDIRECTS = 5;

type Id = string | number;
type Failure = { readonly code: number; readonly message: string };

/**
 * An API over HTTP as a server of the protocol: what its document describes are its tools, and a call of one is a request. To the
 * client library it is a server like others, so that lists, pins, limits and all else are the same.
 */
export class OpenApiTransport implements OwnTransport {
  onclose: OwnTransport['onclose'];
  onerror: OwnTransport['onerror'];
  onmessage: OwnTransport['onmessage'];
  why = '';
  private readonly source: ApiSource;
  private readonly headers: Readonly<Record<string, string>>;
  private readonly stopping = new AbortController();
  private readonly running = new Map<Id, AbortController>();
  private http: StreamFetch | null = null;
  private signed: PlainFetch = () => Promise.reject(new Error('it was not asked where it is'));
  private isClosed = false;

  constructor(
    private readonly config: McpServerConfig,
    how: OpenApiTransportConfig,
    private readonly credentials: Credentials,
    /** Of its document, which was good when it was read last. */
    private readonly warn: (why: string) => void,
  ) {
    this.headers = Object.fromEntries([...how.headers].map(([name, value]) => [name, value.reveal()]));
    this.source = new ApiSource(config, how, this.headers, credentials);
  }

  private read: ReadApi | null = null;

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.isClosed) throw new Error('the connection was closed');
    if (!('method' in message)) return;
    // What is missing is told as it is, not as an answer of the API.
    if (message.method === 'tools/call') await this.credentials.ready();
    const { method, params = {} } = message as { method: string; params?: JsonObject };
    if ('id' in message) this.answer(message.id as Id, method, params).catch(() => {});
    else if (method === 'notifications/cancelled') this.running.get(params['requestId'] as Id)?.abort();
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    this.stopping.abort();
    for (const one of this.running.values()) one.abort();
    await this.http?.close();
    this.onclose?.();
  }

  private async answer(id: Id, method: string, params: JsonObject): Promise<void> {
    const said = await this.does(id, method, params);
    if (this.isClosed || said === null) return;
    const message = 'code' in said ? { error: said as Failure } : { result: said };
    this.onmessage?.({ jsonrpc: '2.0', id, ...message } as JSONRPCMessage);
  }

  /** Null when the connection came to its end. */
  private async does(id: Id, method: string, params: JsonObject): Promise<JsonObject | Failure | null> {
    switch (method) {
      case 'initialize':
        return this.begin(params);
      case 'ping':
        return (await this.isThere()) ? {} : null;
      case 'tools/list':
        return this.list();
      case 'tools/call':
        return this.call(id, String(params['name']), (params['arguments'] ?? {}) as JsonObject);
    }
    return { code: METHOD_NOT_FOUND, message: 'An API has no such thing.' };
  }

  private async begin({ protocolVersion }: JsonObject): Promise<JsonObject | null> {
    try {
      const { api } = await this.refresh();
      if (!(await this.isThere())) return null;
      const { title, version } = api;
      return {
        protocolVersion: protocolVersion as JsonValue,
        capabilities: { tools: {} },
        serverInfo: { name: title || this.config.id, version: version || '0' },
      };
    } catch (error) {
      this.end(reasonOf(error));
      return null;
    }
  }

  private async list(): Promise<JsonObject> {
    let { read } = this;
    try {
      read = await this.refresh();
    } catch (error) {
      // What it was is better than nothing.
      this.warn(reasonOf(error));
    }
    return { tools: [...(read?.api.tools.values() ?? [])].map(({ item }) => item) };
  }

  private async refresh(): Promise<ReadApi> {
    const late = AbortSignal.timeout(this.config.timeouts.connectMs);
    const read = await this.source.read(AbortSignal.any([this.stopping.signal, late]));
    if (this.read?.base.origin !== read.base.origin) {
      this.http?.close().catch(() => {});
      const { connectMs } = this.config.timeouts;
      this.http = new StreamFetch({ origin: read.base.origin, connectTimeoutMs: connectMs });
      this.signed = signedFetch(this.credentials, this.http.fetch);
    }
    this.read = read;
    return read;
  }

  /** Whatever it answers, it is there. */
  private async isThere(): Promise<boolean> {
    const { base } = this.read as ReadApi;
    const late = AbortSignal.timeout(this.config.timeouts.connectMs);
    try {
      const signal = AbortSignal.any([this.stopping.signal, late]);
      const response = await this.fetch({ method: 'HEAD', url: base, headers: {}, body: null }, signal);
      response.body?.cancel().catch(() => {});
      return true;
    } catch (error) {
      this.end(late.aborted ? 'it does not answer' : reasonOf(error));
      return false;
    }
  }

  private async call(id: Id, name: string, args: JsonObject): Promise<JsonObject | Failure> {
    const { api, base } = this.read as ReadApi;
    const tool = api.tools.get(name);
    if (tool === undefined) return { code: INVALID_PARAMS, message: 'There is no such operation.' };
    const aborted = new AbortController();
    this.running.set(id, aborted);
    try {
      const asked = requestOf(tool, base, args);
      const response = await this.followed(asked, aborted.signal);
      const body = await readAtMost(response, this.config.resultLimitBytes);
      const { status, statusText, headers } = response;
      const [type = ''] = (headers.get('content-type') ?? '').toLowerCase().split(';');
      return resultOf({ status, statusText, type: type.trim(), body });
    } catch (error) {
      if (error instanceof BadArgument)
        return { content: [{ type: 'text', text: `${error.message}.` }], isError: true };
      if (error instanceof BodyTooLarge) return { code: TOO_LARGE, message: error.message };
      return { code: neverLeft(error) ? UNREACHABLE : CUT_OFF, message: reasonOf(error) };
    } finally {
      this.running.delete(id);
    }
  }

  /** Redirects within the API are followed where nothing is done by asking twice. */
  private async followed(request: ApiRequest, signal: AbortSignal): Promise<Response> {
    let response = await this.fetch(request, signal);
    let { url } = request;
    for (let hops = 0; hops < MOST_REDIRECTS && isRedirect(response.status); hops++) {
      const to = response.headers.get('location') ?? '';
      if (request.method !== 'GET' && request.method !== 'HEAD') return response;
      if (!URL.canParse(to, url.href) || new URL(to, url).origin !== url.origin) return response;
      response.body?.cancel().catch(() => {});
      url = new URL(to, url);
      response = await this.fetch({ ...request, url }, signal);
    }
    return response;
  }

  private fetch({ method, url, headers, body }: ApiRequest, signal: AbortSignal): Promise<Response> {
    // The operator's own go before what a caller says.
    return this.signed(url, { method, headers: { ...headers, ...this.headers }, body, signal });
  }

  private end(why: string): void {
    this.why ||= why;
    this.close().catch(() => {});
  }
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

/** The connection came to nothing, so that nothing was done. */
function neverLeft(error: unknown): boolean {
  const { code } = ((error as { cause?: unknown }).cause ?? {}) as { code?: unknown };
  return [
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'UND_ERR_CONNECT_TIMEOUT',
  ].includes(String(code));
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const said = cause instanceof Error ? cause : error;
  return said instanceof Error ? said.message || String((said as { code?: unknown }).code) : String(said);
}
