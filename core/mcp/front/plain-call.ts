import { type HeaderList, headerOf, type JsonObject } from '@headgate/sdk';
import { isObject } from '../json-object.js';
import type { ToolInput } from '../protocol.js';

/** A call of a tool that says nothing but what nearly all of them say. */
export interface PlainCall {
  readonly id: string | number;
  readonly name: string;
  readonly arguments: JsonObject;
  readonly _meta: JsonObject | undefined;
  /** Null in a session. */
  readonly input: ToolInput | null;
}

/** What is between a client and us alone. */
export const OURS = 'io.modelcontextprotocol/';
const NEWEST = '2026-07-28';
const BODY = ['jsonrpc', 'id', 'method', 'params'];
const PARAMS = ['name', 'arguments', '_meta'];

/**
 * Null for whatever is not plain: what is wrong with it, or what it wants beside the result, is for the protocol library.
 *
 * @param revisions that sessions speak; null for a request without a session
 */
export function plainCall(
  body: unknown,
  headers: HeaderList,
  revisions: readonly string[] | null,
): PlainCall | null {
  if (!isObject(body) || body['method'] !== 'tools/call' || body['jsonrpc'] !== '2.0') return null;
  const { id, params } = body;
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return null;
  if (!isObject(params) || !hasOnly(body, BODY) || !hasOnly(params, PARAMS)) return null;
  const { name, arguments: args = {}, _meta } = params;
  if (typeof name !== 'string' || !isObject(args) || (_meta !== undefined && !isObject(_meta))) return null;
  // Who wants to hear of progress gets a stream.
  if (_meta !== undefined && 'progressToken' in _meta) return null;
  if (!acceptsBoth(headers) || !isJson(headers)) return null;
  const revision = headerOf(headers, 'mcp-protocol-version');
  const found = { id: id as string | number, name, arguments: args, _meta };
  if (revisions !== null) {
    if (revision !== undefined && !revisions.includes(revision)) return null;
    if (_meta !== undefined && Object.keys(_meta).some((key) => key.startsWith(OURS))) return null;
    return { ...found, input: null };
  }
  const capabilities = revision === NEWEST ? capabilitiesIn(_meta, headers, name) : null;
  return capabilities === null ? null : { ...found, input: { capabilities, responses: null, state: null } };
}

/** What a client of the newest revision can do; null where what it says of itself is not as it should be. */
function capabilitiesIn(meta: JsonObject | undefined, headers: HeaderList, name: string): JsonObject | null {
  if (meta === undefined || meta[`${OURS}protocolVersion`] !== NEWEST) return null;
  const { [`${OURS}clientInfo`]: info, [`${OURS}clientCapabilities`]: capabilities } = meta;
  if (!isObject(info) || typeof info['name'] !== 'string' || typeof info['version'] !== 'string') return null;
  if (!isObject(capabilities) || !Object.values(capabilities).every(isObject)) return null;
  if (headerOf(headers, 'mcp-method') !== 'tools/call' || headerOf(headers, 'mcp-name') !== name) return null;
  for (let i = 0; i < headers.length; i += 2)
    if ((headers[i] as string).startsWith('mcp-param-')) return null;
  const known = [`${OURS}protocolVersion`, `${OURS}clientInfo`, `${OURS}clientCapabilities`];
  return Object.keys(meta).every((key) => !key.startsWith(OURS) || known.includes(key)) ? capabilities : null;
}

function acceptsBoth(headers: HeaderList): boolean {
  const accept = headerOf(headers, 'accept') ?? '';
  return accept.includes('application/json') && accept.includes('text/event-stream');
}

function isJson(headers: HeaderList): boolean {
  return headerOf(headers, 'content-type')?.toLowerCase() === 'application/json';
}

function hasOnly(object: JsonObject, names: readonly string[]): boolean {
  for (const name in object) if (!names.includes(name)) return false;
  return true;
}
