import { type Filter, parseFilter } from './filter.js';
import { matches, onlyEqualities } from './filter-match.js';
import { invalidValue, ScimError } from './scim-error.js';

type Json = Record<string, unknown>;

export interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  /** Null: the value is an object of attributes. */
  readonly path: Path | null;
  readonly value: unknown;
}

export interface Path {
  /** As it was written; names are compared without case. */
  readonly attribute: string;
  /** Which items of the list. */
  readonly where: Filter | null;
  readonly sub: string | null;
  /** Of a schema that is not kept here. */
  readonly foreign: boolean;
}

const MOST = 1000;
const PATH = /^([A-Za-z$][\w$-]*)(?:\[(.+)\])?(?:\.([A-Za-z$][\w$-]*))?$/;
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:User|Group):/i;

/** The operations of a PATCH, RFC 7644 3.5.2, as Okta and Entra ID send them too: `op` in any case, paths as names of a value. */
export function readOperations(body: Json): Operation[] {
  const given = body['Operations'] ?? body['operations'];
  if (!Array.isArray(given) || given.length === 0 || given.length > MOST)
    throw new ScimError(400, 'invalidSyntax', `"Operations" must be a list of 1 to ${MOST} operations`);
  return given.flatMap((one: unknown): Operation[] => {
    if (typeof one !== 'object' || one === null)
      throw new ScimError(400, 'invalidSyntax', 'an operation must be an object');
    const { op, path, value } = one as Json;
    const word = String(op).toLowerCase();
    if (word !== 'add' && word !== 'replace' && word !== 'remove')
      throw new ScimError(400, 'invalidSyntax', '"op" is add, replace or remove');
    if (typeof path === 'string' && path !== '') return [{ op: word, path: parsePath(path), value }];
    if (word === 'remove') throw new ScimError(400, 'noTarget', 'a removal needs a path');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw invalidValue('without a path the value must be an object of attributes');
    return Object.entries(value).map(([name, inside]) => ({
      op: word,
      path: parsePath(name),
      value: inside as unknown,
    }));
  });
}

function parsePath(text: string): Path {
  const bare = text.replace(CORE, '');
  if (/^urn:/i.test(bare)) return { attribute: bare, where: null, sub: null, foreign: true };
  const match = PATH.exec(bare);
  if (match === null)
    throw new ScimError(400, 'invalidPath', `there is no path ${JSON.stringify(text.slice(0, 100))}`);
  const [, attribute = '', filter, sub] = match;
  const where = filter === undefined ? null : parseFilter(filter);
  return { attribute, where, sub: sub ?? null, foreign: false };
}

/** Does an operation to a resource; attributes that are not kept here change nothing. */
export function apply(resource: Json, { op, path, value }: Operation, known: readonly string[]): void {
  if (path === null || path.foreign) return;
  const attribute = known.find((one) => one.toLowerCase() === path.attribute.toLowerCase());
  if (attribute === undefined) return;
  if (path.where !== null) applyToItems(resource, attribute, path, op, value);
  else if (path.sub !== null) {
    const before = resource[attribute];
    const inside: Json =
      typeof before === 'object' && before !== null && !Array.isArray(before) ? { ...(before as Json) } : {};
    if (op === 'remove') delete inside[path.sub];
    else inside[path.sub] = value;
    resource[attribute] = inside;
  } else if (op === 'remove') delete resource[attribute];
  else if (op === 'add' && Array.isArray(resource[attribute]))
    resource[attribute] = [
      ...(resource[attribute] as unknown[]),
      ...(Array.isArray(value) ? value : [value]),
    ];
  else resource[attribute] = value;
}

function applyToItems(
  resource: Json,
  attribute: string,
  path: Path,
  op: Operation['op'],
  value: unknown,
): void {
  const { where, sub } = path as { where: Filter; sub: string | null };
  const items = (Array.isArray(resource[attribute]) ? [...(resource[attribute] as Json[])] : []).map(
    (one) => ({ ...one }),
  );
  const fits = (item: Json): boolean => matches(item, where);
  if (op === 'remove' && sub === null) {
    resource[attribute] = items.filter((item) => !fits(item));
    return;
  }
  let chosen = items.filter(fits);
  if (chosen.length === 0) {
    if (op === 'remove') return;
    // Entra ID replaces an address that is not there yet.
    const says = onlyEqualities(where);
    if (says === null) throw new ScimError(400, 'noTarget', 'no item of the list is such as the path says');
    const made: Json = Object.fromEntries(says);
    items.push(made);
    chosen = [made];
  }
  for (const item of chosen) {
    if (sub === null) Object.assign(item, typeof value === 'object' ? value : { value });
    else if (op === 'remove') delete item[sub];
    else item[sub] = value;
  }
  resource[attribute] = items;
}
