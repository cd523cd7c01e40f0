import type { AttributePath, Comparison, Filter, FilterValue } from './filter.js';

type Json = Readonly<Record<string, unknown>>;

/** Compared letter by letter, RFC 7643, 3.1; all other texts without case. */
const EXACT: ReadonlySet<string> = new Set(['id', 'externalid']);

/** Whether a filter holds for a resource, or for an item of a list. An attribute that is not there has no value. */
export function matches(resource: Json, filter: Filter): boolean {
  switch (filter.op) {
    case 'and':
      return filter.parts.every((part) => matches(resource, part));
    case 'or':
      return filter.parts.some((part) => matches(resource, part));
    case 'not':
      return !matches(resource, filter.of);
    case 'some':
      return itemsOf(own(resource, filter.attribute)).some((item) => matches(item, filter.of));
    case 'pr':
      return valuesAt(resource, filter.path).some(isThere);
    case 'ne':
      return !compares(resource, { ...filter, op: 'eq' });
    default:
      return compares(resource, filter);
  }
}

/** What must be equal for the filter to hold: pairs of an attribute, such as `emails.value`, and a value. */
export function equalities(filter: Filter): (readonly [attribute: string, value: FilterValue])[] {
  if (filter.op === 'and') return filter.parts.flatMap(equalities);
  if (filter.op !== 'eq') return [];
  const { attribute, sub } = filter.path;
  return [[sub === null ? attribute : `${attribute}.${sub}`, filter.value]];
}

/** The same when the filter says nothing else, else null. */
export function onlyEqualities(filter: Filter): ReturnType<typeof equalities> | null {
  const parts = filter.op === 'and' ? filter.parts : [filter];
  return parts.every(({ op }) => op === 'eq') ? equalities(filter) : null;
}

/** Whether it asks for anything of that attribute. */
export function mentions(filter: Filter, attribute: string): boolean {
  if ('parts' in filter) return filter.parts.some((part) => mentions(part, attribute));
  if (filter.op === 'not') return mentions(filter.of, attribute);
  return (filter.op === 'some' ? filter.attribute : filter.path.attribute) === attribute;
}

function compares(
  resource: Json,
  { op, path, value }: { op: Comparison; path: AttributePath; value: FilterValue },
): boolean {
  const values = valuesAt(resource, path);
  if (value === null) return !values.some(isThere);
  const exact = path.sub === null && EXACT.has(path.attribute);
  return values.some((one) => {
    if (typeof one === 'boolean') return op === 'eq' && String(one) === String(value).toLowerCase();
    if (typeof one === 'number') return typeof value === 'number' && ordered(op, one - value);
    if (typeof one !== 'string' || typeof value !== 'string') return false;
    const [a, b] = exact ? [one, value] : [one.toLowerCase(), value.toLowerCase()];
    if (op === 'co') return a.includes(b);
    if (op === 'sw') return a.startsWith(b);
    if (op === 'ew') return a.endsWith(b);
    const times = path.attribute === 'meta' ? Date.parse(one) - Date.parse(value) : Number.NaN;
    return ordered(op, Number.isNaN(times) ? (a < b ? -1 : a > b ? 1 : 0) : times);
  });
}

function ordered(op: Comparison, difference: number): boolean {
  if (op === 'eq') return difference === 0;
  if (op === 'gt') return difference > 0;
  if (op === 'ge') return difference >= 0;
  if (op === 'lt') return difference < 0;
  return op === 'le' && difference <= 0;
}

/** Of a list, of each item; of an object that no part is named of, its `value`, else the object, which equals nothing. */
function valuesAt(resource: Json, { attribute, sub }: AttributePath): unknown[] {
  return [own(resource, attribute)].flat().map((one) => {
    if (!isObject(one)) return sub === null ? one : undefined;
    return own(one, sub ?? 'value') ?? (sub === null ? one : undefined);
  });
}

function itemsOf(value: unknown): Json[] {
  return [value].flat().flatMap((one) => (isObject(one) ? [one] : isThere(one) ? [{ value: one }] : []));
}

function own(resource: Json, name: string): unknown {
  const found = Object.keys(resource).find((one) => one.toLowerCase() === name);
  return found === undefined ? undefined : resource[found];
}

function isThere(value: unknown): boolean {
  return (
    value !== undefined &&
    value !== null &&
    value !== '' &&
    !(isObject(value) && Object.keys(value).length === 0)
  );
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
