import { createHash } from 'node:crypto';
import type { JsonObject, JsonValue } from '@headgate/sdk';

/** Most ids that are taken from one request, and from one object of an answer. */
const MAX_REQUEST_IDS = 5_000;
const MAX_ANSWER_IDS = 100;
/** How deep ids stand in a request: `tool_resources.file_search.vector_store_ids[0]`. */
const MAX_DEPTH = 8;

/** A word and something that no word has: `file-abc123`, `batch_1`. Anything else is a word of the API, or a name. */
const ID = /^(?=.*[\d_-])[A-Za-z][\w-]{7,127}$/;
/** Members of answers that name an object: its own id, and those of files that came of it. */
const NAMES = /(^|_)(ids?|files?)$/;
/** Those among them that come into being with the object, or belong to it. */
const OWN = /^id$|(^|_)files?(_ids?)?$/;
/** What Google calls its objects by: `files/abc-123`, also at the end of an address. */
const GOOGLE_NAME = /(?:^|\/)((?:files|cachedContents|batches|fileSearchStores|tunedModels)\/[\w-]{1,120})$/;
/** Uploads to Google go on under an id of hundreds of characters. */
const UPLOAD_ID = 'upload_id';
/** Query parameters that say where in a list a page begins. */
const CURSORS = ['after', 'before', 'after_id', 'before_id', 'starting_after', 'ending_before'];

/** The id by which an object is known that a request or an answer names so. */
export function objectId(text: string): string {
  return GOOGLE_NAME.exec(text)?.[1] ?? text;
}

/** The id of an upload that goes on later. */
export function uploadId(id: string): string {
  return `upload ${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
}

/** Ids that a path and its query may name. */
export function idsInPath(path: string, query: string): string[] {
  const segments = path.split('/').map(decoded);
  const ids = segments.filter((segment) => ID.test(segment));
  const google = segments.some((segment) => /^v1(alpha|beta)/.test(segment));
  for (let i = 0; google && i + 1 < segments.length; i++) {
    // `files/abc:download`
    const name = `${segments[i]}/${segments[i + 1]?.replace(/:\w+$/, '')}`;
    if (GOOGLE_NAME.test(name)) ids.push(name);
  }
  const upload = new URLSearchParams(query).get(UPLOAD_ID);
  if (upload !== null) ids.push(uploadId(upload));
  for (const [name, value] of new URLSearchParams(query))
    if (ID.test(value) && !name.startsWith('x-')) ids.push(value);
  return ids.slice(0, MAX_REQUEST_IDS);
}

/** Those of them that are places in a list. */
export function cursorsIn(query: string): string[] {
  const parameters = new URLSearchParams(query);
  return CURSORS.flatMap((name) => parameters.getAll(name));
}

/** Texts in a JSON body that may be ids. */
export function idsInBody(body: Buffer): string[] {
  const value = parsed(body);
  const ids = new Set<string>();
  if (value !== null) collect(value, 0, ids);
  return [...ids];
}

/** The object of a JSON answer; null when it is something else. */
export function answeredObject(body: Buffer): JsonObject | null {
  const answer = parsed(body);
  return answer !== null && isObject(answer) ? answer : null;
}

/** Members that hold the entries of a list: OpenAI's and Anthropic's, then Google's. */
const LISTS = ['data', 'files', 'cachedContents', 'batches', 'operations', 'tunedModels', 'fileSearchStores'];

/** The entries of a list and the member that has them; null when the answer is none. */
export function entriesOf(answer: JsonObject): { member: string; entries: JsonObject[] } | null {
  for (const member of LISTS) {
    const entries = answer[member];
    if (Array.isArray(entries)) return { member, entries: entries.filter(isObject) };
  }
  return null;
}

/** The ids that an object names: its own, and those of others. */
export function idsIn(object: JsonObject): string[] {
  return named(object, NAMES);
}

/** Of these, its own and those of its files. */
export function ownIdsIn(object: JsonObject): string[] {
  return named(object, OWN);
}

function named(object: JsonObject, names: RegExp): string[] {
  const ids: string[] = [];
  for (const [name, value] of Object.entries(object)) {
    // An upload that is complete has its file inside.
    if (name === 'file' && value !== undefined && isObject(value)) ids.push(...named(value, /^id$/));
    if (name === 'name' && typeof value === 'string' && GOOGLE_NAME.test(value)) ids.push(objectId(value));
    if (!names.test(name)) continue;
    for (const one of Array.isArray(value) ? value : [value])
      if (typeof one === 'string' && ID.test(one)) ids.push(one);
  }
  return [...new Set(ids)].slice(0, MAX_ANSWER_IDS);
}

function collect(value: JsonValue, depth: number, ids: Set<string>): void {
  if (ids.size >= MAX_REQUEST_IDS || depth > MAX_DEPTH) return;
  if (typeof value === 'string') {
    if (ID.test(value)) ids.add(value);
  } else if (typeof value === 'object' && value !== null)
    for (const inside of Object.values(value)) if (inside !== undefined) collect(inside, depth + 1, ids);
}

/** As the provider will read it: `%66ile-abc123` is `file-abc123`. */
function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parsed(body: Buffer): JsonValue | null {
  if (body.length === 0) return null;
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return null;
  }
}
