import type { JsonObject, JsonValue } from '@headgate/sdk';

/** Most ids that are taken from one request or answer. */
const MAX_IDS = 100;
/** JSON above this is not read for ids: it would hold up the thread's other work. */
const MAX_BYTES = 256 * 1024;
/** How deep ids stand in a request: `tool_resources.file_search.vector_store_ids[0]`. */
const MAX_DEPTH = 6;

/** A word and something that no word has: `file-abc123`, `batch_1`. Anything else is a word of the API, or a name. */
const ID = /^(?=.*[\d_-])[A-Za-z][\w-]{7,127}$/;
/** Members of answers that name an object: its own id, and those of files that came of it. */
const NAMES = /(^|_)(ids?|files?)$/;

/** Ids that a path and its query may name. */
export function idsInPath(path: string, query: string): string[] {
  const ids = path.split('/').filter((segment) => ID.test(segment));
  for (const [name, value] of new URLSearchParams(query))
    if (ID.test(value) && !name.startsWith('x-')) ids.push(value);
  return ids.slice(0, MAX_IDS);
}

/** Texts in a JSON body that may be ids. */
export function idsInBody(body: Buffer): string[] {
  const value = parsed(body);
  const ids: string[] = [];
  if (value !== null) collect(value, 0, ids);
  return ids;
}

/** The ids of the objects in an answer: its own, those of a list, and the files that they name. */
export function idsInAnswer(body: Buffer): string[] {
  const answer = parsed(body);
  if (answer === null || typeof answer !== 'object' || Array.isArray(answer)) return [];
  const ids: string[] = [];
  named(answer, ids);
  const { data } = answer;
  if (Array.isArray(data)) for (const entry of data) if (isObject(entry)) named(entry, ids);
  return [...new Set(ids)].slice(0, MAX_IDS);
}

function named(object: JsonObject, ids: string[]): void {
  for (const [name, value] of Object.entries(object)) {
    if (!NAMES.test(name)) continue;
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === 'string' && ID.test(one)) ids.push(one);
  }
}

function collect(value: JsonValue, depth: number, ids: string[]): void {
  if (ids.length >= MAX_IDS || depth > MAX_DEPTH) return;
  if (typeof value === 'string') {
    if (ID.test(value)) ids.push(value);
  } else if (typeof value === 'object' && value !== null)
    for (const inside of Object.values(value)) if (inside !== undefined) collect(inside, depth + 1, ids);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(body: Buffer): JsonValue | null {
  if (body.length === 0 || body.length > MAX_BYTES) return null;
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return null;
  }
}
