import type { HeaderList, Operation } from '@headgate/sdk';
import { type ClientApi, clientApi } from '../http/client-api.js';
import type { EndpointTable } from '../route/endpoint-table.js';
import { operationOf } from './operation.js';

/** A path that is only forwarded. */
export interface ForwardPath {
  /** Null: the path names the provider, `/passthrough/{provider}/…`. */
  readonly api: ClientApi | null;
  /** '' unless the path names it. */
  readonly provider: string;
  /** What stands before `tail` in the client's path: `/openai/v1`. */
  readonly base: string;
  /** The rest, as the client wrote it: `/files/file-1/content`. */
  readonly tail: string;
  readonly operation: Operation;
}

const PASSTHROUGH = /^\/passthrough\/([^/]+)(\/.*)?$/;

/** Base and tail of each API's paths; of those whose clients choose a version, the tail has it. */
const PATHS: Readonly<Record<ClientApi, RegExp>> = {
  openai: /^((?:\/openai)?\/v1)(\/.+)$/,
  anthropic: /^((?:\/anthropic)?\/v1)(\/.+)$/,
  gemini: /^((?:\/genai)?)((?:\/upload)?\/v1[a-z0-9]*\/.+)$/,
  bedrock: /^((?:\/bedrock)?)(\/.+)$/,
  cohere: /^((?:\/cohere)?)(\/v\d+\/.+)$/,
  ollama: /^(\/ollama)(\/.+)$/,
};

/**
 * How a request is forwarded that no endpoint serves; null when its path belongs to no API, or an endpoint serves it with
 * another method.
 */
export function forwardPath(
  endpoints: EndpointTable,
  method: string,
  path: string,
  headers: HeaderList,
): ForwardPath | null {
  const named = PASSTHROUGH.exec(path);
  if (named !== null) {
    const [, provider = '', tail = '/'] = named;
    return { api: null, provider, base: `/passthrough/${provider}`, tail, operation: operationOf(tail) };
  }
  const api = path.startsWith('/upload/') ? 'gemini' : clientApi(path, headers);
  const [, base, tail] = PATHS[api].exec(path) ?? [];
  if (base === undefined || tail === undefined || method === 'OPTIONS') return null;
  if (belongsHere(endpoints, method, path, tail)) return null;
  return { api, provider: '', base, tail, operation: operationOf(tail) };
}

/**
 * Whether the path is one that is served here, however it is written: what a provider reads as a model request must not
 * get past what the gateway does with those.
 */
function belongsHere(endpoints: EndpointTable, method: string, path: string, tail: string): boolean {
  if (endpoints.at(path) === undefined) {
    const text = plain(path);
    return endpoints.at(text) !== undefined || endpoints.at(text.toLowerCase()) !== undefined;
  }
  // The list of the answers that OpenAI has stored.
  return !(method === 'GET' && tail === '/chat/completions');
}

/** As a server may read it that is not strict: decoded and without empty segments. */
function plain(path: string): string {
  let text = path;
  try {
    text = decodeURIComponent(path);
  } catch {
    // Then nobody else decodes it either.
  }
  return text.replace(/\/+/g, '/').replace(/\/$/, '');
}

/** Why a path must not be put together with that of a provider; null when it may. */
export function pathProblem(path: string): string | null {
  if (/[^\x21-\x7e\x80-\xff]|\\/.test(path)) return 'it has characters that no path may have';
  const segments = path.split('/').map((segment) => segment.replace(/%2e/gi, '.'));
  return segments.includes('..') || segments.includes('.') ? 'it has "." or ".." as a segment' : null;
}
