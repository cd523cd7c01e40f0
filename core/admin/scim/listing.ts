import type { ControlAnswer } from '../../control.js';
import { type Filter, parseFilter } from './filter.js';
import { ScimError, scimAnswer } from './scim-error.js';

type Json = Record<string, unknown>;

/** Most resources of one answer. */
const MOST = 200;
const USUAL = 100;

export interface Asked {
  readonly filter: Filter | null;
  /** From 0. */
  readonly offset: number;
  readonly count: number;
  readonly excluded: ReadonlySet<string>;
}

/** The query of a list, RFC 7644 3.4.2. */
export function readAsked(query: string): Asked {
  const given = new URLSearchParams(query);
  const filter = given.get('filter');
  return {
    filter: filter === null || filter === '' ? null : parseFilter(filter),
    offset: Math.max(1, whole(given, 'startIndex') ?? 1) - 1,
    count: Math.min(MOST, Math.max(0, whole(given, 'count') ?? USUAL)),
    excluded: new Set(
      (given.get('excludedAttributes') ?? '').split(',').map((one) => one.trim().toLowerCase()),
    ),
  };
}

function whole(given: URLSearchParams, name: string): number | null {
  const text = given.get(name);
  if (text === null || text === '') return null;
  if (!/^-?\d{1,9}$/.test(text)) throw new ScimError(400, 'invalidValue', `"${name}" must be a whole number`);
  return Number(text);
}

export function listAnswer(
  resources: readonly Json[],
  total: number,
  { offset, excluded }: Asked,
): ControlAnswer {
  return scimAnswer(200, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults: total,
    startIndex: offset + 1,
    itemsPerPage: resources.length,
    Resources: resources.map((one) => without(one, excluded)),
  });
}

/** Without what nobody wants to read, such as ten thousand members. */
export function without(resource: Json, excluded: ReadonlySet<string>): Json {
  if (excluded.size === 0) return resource;
  const entries = Object.entries(resource);
  return Object.fromEntries(entries.filter(([name]) => name === 'id' || !excluded.has(name.toLowerCase())));
}
