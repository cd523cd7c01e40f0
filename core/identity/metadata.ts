import type { RequestMetadata } from '@headgate/sdk';
import { gatewayError } from '../errors.js';
import type { VirtualKey } from './virtual-key.js';

const MAX_HEADER = 4096;
const MAX_VALUE = 256;
const MAX_ENTRIES = 32;
const CONTROL = /\p{Cc}/u;

/**
 * Reads `x-headgate-metadata`: a JSON object of strings (`tags` may be a list), or `k=v, k=v` with percent-encoding.
 * `customer`, `session` (or `session_id`) and `tags` have a meaning; the rest is kept. What the key says by default fills the gaps.
 *
 * @param named the header `x-headgate-session`, which counts more
 */
export function readMetadata(header: string | undefined, key: VirtualKey, named?: string): RequestMetadata {
  const given = header === undefined ? {} : parse(header);
  const { customer, session_id: sessionId, session = sessionId, tags, ...other } = given;
  return {
    ...defined('customer', text(customer, 'customer') ?? key.customer ?? undefined),
    ...defined('session', text(named, 'x-headgate-session') ?? text(session, 'session')),
    tags: [...new Set([...key.tags, ...tagList(tags)])],
    other: Object.fromEntries(Object.entries(other).map(([name, value]) => [name, text(value, name) ?? ''])),
  };
}

function parse(header: string): Record<string, unknown> {
  if (header.length > MAX_HEADER) throw bad(`it is longer than ${MAX_HEADER} characters`);
  const trimmed = header.trim();
  const given = trimmed.startsWith('{') ? parseJson(trimmed) : parsePairs(trimmed);
  if (Object.keys(given).length > MAX_ENTRIES) throw bad(`it has more than ${MAX_ENTRIES} entries`);
  return given;
}

function parseJson(header: string): Record<string, unknown> {
  try {
    return JSON.parse(header) as Record<string, unknown>;
  } catch {
    throw bad('it begins like JSON but is not');
  }
}

function parsePairs(header: string): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  for (const pair of header.split(',')) {
    if (pair.trim() === '') continue;
    const equals = pair.indexOf('=');
    if (equals <= 0) throw bad(`"${pair.trim()}" is not k=v`);
    const name = pair.slice(0, equals).trim();
    const value = decode(pair.slice(equals + 1).trim());
    if (name === 'tags' && Array.isArray(given.tags)) given.tags.push(value);
    else given[name] = name === 'tags' ? [value] : value;
  }
  return given;
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function tagList(tags: unknown): string[] {
  if (tags === undefined) return [];
  const list = Array.isArray(tags) ? tags : [tags];
  return list.map((tag) => text(tag, 'tags') ?? '').filter((tag) => tag !== '');
}

function text(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') throw bad(`"${name}" is not a string`);
  if (value.length > MAX_VALUE) throw bad(`"${name}" is longer than ${MAX_VALUE} characters`);
  // Postgres keeps no text with a NUL, and nobody means to send any of the others.
  if (CONTROL.test(value)) throw bad(`"${name}" has a control character`);
  return value;
}

function defined<K extends string>(name: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [name]: value } as Record<K, string>);
}

function bad(why: string): Error {
  return gatewayError('invalid_metadata', { why });
}
