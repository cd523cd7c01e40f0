import { readFile } from 'node:fs/promises';
import { headersOf } from '../../config/mcp-auth-config.js';
import type { McpServerConfig, OpenApiTransportConfig } from '../../config/mcp-config.js';
import { choiceMatcher } from '../../identity/virtual-key.js';
import { StreamFetch } from '../../upstream/stream-fetch.js';
import { type Api, apiOf } from '../openapi/api.js';
import { DocumentProblem } from '../openapi/document.js';
import type { ApiWishes } from '../openapi/operation.js';
import type { Credentials } from './auth/credentials.js';
import { signedFetch } from './auth/signed-fetch.js';
import { readAtMost } from './read-at-most.js';

/** Of a document; larger ones are for machines. */
export const MOST_DOCUMENT_BYTES = 32 * 1024 * 1024;

/** An API as its document describes it now, and its address. */
export interface ReadApi {
  readonly api: Api;
  readonly base: URL;
}

/** The document of an API: read again when it is asked for, compiled again when it has changed. */
export class ApiSource {
  private text = '';
  private last: ReadApi | null = null;

  constructor(
    private readonly config: McpServerConfig,
    private readonly how: OpenApiTransportConfig,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly credentials: Credentials,
  ) {}

  /** Rejects with an Error that says what is wrong, for people. */
  async read(signal: AbortSignal): Promise<ReadApi> {
    const text = await this.fetchText(signal);
    if (this.last !== null && text === this.text) return this.last;
    try {
      const api = apiOf(text, wishesOf(this.config, this.how));
      const read = { api, base: baseOf(api.url, this.how) };
      this.text = text;
      this.last = read;
      return read;
    } catch (error) {
      if (error instanceof DocumentProblem) throw new Error(`its document: ${error.sentence}`);
      throw error;
    }
  }

  private async fetchText(signal: AbortSignal): Promise<string> {
    const { document } = this.how;
    if ('file' in document) return textOfFile(document.file);
    const url = new URL(document.url.reveal());
    const http = new StreamFetch({ origin: url.origin, connectTimeoutMs: this.config.timeouts.connectMs });
    // What the API wants to know of its callers is nobody else's business.
    const isOwn = this.how.base === null || new URL(this.how.base.reveal()).origin === url.origin;
    const accept = { accept: 'application/json, application/yaml, */*;q=0.8' };
    try {
      const fetch = isOwn ? signedFetch(this.credentials, http.fetch) : http.fetch;
      const response = await fetch(url, {
        headers: { ...(isOwn ? this.headers : {}), ...accept },
        signal,
      });
      if (!response.ok) throw new Error(`its document: HTTP ${response.status}`);
      return (await readAtMost(response, MOST_DOCUMENT_BYTES)).toString('utf8');
    } finally {
      http.close().catch(() => {});
    }
  }
}

/** What the configuration wants of the document. */
export function wishesOf(
  { offered, auth }: McpServerConfig,
  { headers, base }: OpenApiTransportConfig,
): ApiWishes {
  const given = new Set(headersOf(auth));
  const query = base === null ? null : new URL(base.reveal()).searchParams;
  return {
    isOffered: offered === null ? () => true : choiceMatcher(offered),
    isGiven: (place, name) =>
      (place === 'header' && (headers.has(name.toLowerCase()) || given.has(name.toLowerCase()))) ||
      (place === 'query' && query?.has(name) === true),
  };
}

/** Rejects with an Error that says what is wrong, for people. */
export async function textOfFile(file: string): Promise<string> {
  try {
    const bytes = await readFile(file);
    if (bytes.length > MOST_DOCUMENT_BYTES) throw new Error('it is larger than 32mb');
    return bytes.toString('utf8').replace(/^\ufeff/, '');
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ENOENT') throw new Error('its document: there is no such file');
    throw code === undefined ? error : new Error(`its document cannot be read (${code})`);
  }
}

/**
 * Where the API is: what the configuration says, else what its document says. A document that came from somewhere may only name the
 * place it came from: it would else choose where our credentials go.
 */
export function baseOf(said: string | null, { base, document }: OpenApiTransportConfig): URL {
  if (base !== null) return new URL(base.reveal());
  const from = 'file' in document ? undefined : document.url.reveal();
  if (said === null || !URL.canParse(said, from) || !/^https?:$/.test(new URL(said, from).protocol))
    throw new Error('its document names no address; set base_url');
  const url = new URL(said, from);
  if (from !== undefined && url.origin !== new URL(from).origin)
    throw new Error('its document names an address elsewhere; if that is right, set base_url');
  return url;
}
