import type { SettledRecord } from '@headgate/sdk';
import type { Column } from '../column.js';
import { JOINT, type SearchColumns, type SearchField } from './search-columns.js';
import type { Between, RangeField, SearchFilter, ValueField, Within } from './search-query.js';

/** Every text of a record that somebody may look for. */
const TEXTS: readonly SearchField[] = [
  'keyId',
  'keyName',
  'org',
  'team',
  'project',
  'user',
  'customer',
  'session',
  'tags',
  'model',
  'provider',
  'targetModel',
  'operation',
  'format',
  'outcome',
  'error',
  'errorMessage',
  'finish',
  'tools',
  'answerId',
  'continues',
];

const WITHIN = ['org', 'team', 'user'] as const;

/** Times at which records arrived whose bodies have the words that are looked for. */
export type TextHits = ReadonlySet<number> | null;

/** The columns that {@link fitting} reads. */
export function fieldsOf({ values, ranges, text, within }: SearchFilter, hits: TextHits): SearchField[] {
  const fields = new Set<SearchField>([...keysOf(values), ...keysOf(ranges)]);
  if (fields.has('keyId')) fields.add('keyName');
  if (within !== null) for (const field of WITHIN) fields.add(field);
  if (text !== '') for (const field of TEXTS) fields.add(field);
  if (hits !== null) fields.add('time');
  return [...fields];
}

function keysOf<K extends string>(object: Partial<Record<K, unknown>>): K[] {
  return Object.keys(object) as K[];
}

/**
 * Which rows fit: 1 for each that does. Null when none does, often found without a look at the rows. With `hits`, a row that
 * arrived at one of these times may fit by its bodies: whether it does is for the caller to see.
 */
export function fitting(
  columns: SearchColumns,
  rows: number,
  filter: SearchFilter,
  hits: TextHits = null,
): Uint8Array | null {
  const mask = new Uint8Array(rows).fill(1);
  for (const [field, values] of Object.entries(filter.values))
    if (!keepValues(columns, field as ValueField, values, mask)) return null;
  for (const [field, ranges] of Object.entries(filter.ranges))
    if (!columns[field as RangeField].keep((value) => isWithin(value, ranges), mask)) return null;
  if (filter.within !== null && !keepAny(mask, (any) => markWithin(columns, filter.within as Within, any)))
    return null;
  if (filter.text !== '' && !keepAny(mask, (any) => markText(columns, filter.text, hits, any))) return null;
  return mask;
}

function keepValues(
  columns: SearchColumns,
  field: ValueField,
  values: readonly (string | boolean)[],
  mask: Uint8Array,
): boolean {
  if (field === 'keyId')
    return keepAny(mask, (any) => {
      columns.keyId.mark((id) => values.includes(id), any);
      columns.keyName.mark((name) => name !== '' && values.includes(name), any);
    });
  const column = columns[field] as Column<unknown>;
  if (field === 'tags' || field === 'tools') return keepListed(column, values, mask);
  // A text that is nowhere in a block is found out without a look at its rows.
  if (!values.some((value) => column.mayHave(value))) return false;
  return column.keep((value) => values.includes(value as string), mask);
}

function keepListed(
  column: Column<unknown>,
  values: readonly (string | boolean)[],
  mask: Uint8Array,
): boolean {
  return column.keep((list) => {
    const parts = typeof list === 'string' ? list.split(JOINT) : (list as readonly string[]);
    return parts.length === 0 ? values.includes('') : parts.some((part) => values.includes(part));
  }, mask);
}

function isWithin(value: number | null, ranges: readonly Between[]): boolean {
  return value !== null && ranges.some(({ least, most }) => value >= least && value <= most);
}

function markWithin(columns: SearchColumns, within: Within, any: Uint8Array): void {
  for (const field of WITHIN) {
    const places = within[field];
    if (places.length > 0) columns[field].mark((place) => place !== '' && places.includes(place), any);
  }
}

function markText(columns: SearchColumns, text: string, hits: TextHits, any: Uint8Array): void {
  const wanted = text.toLowerCase();
  for (const field of TEXTS) {
    const column = columns[field] as Column<unknown>;
    if (column.mayContain(wanted)) column.mark((value) => contains(value, wanted), any);
  }
  if (hits !== null && hits.size > 0) columns.time.mark((time) => hits.has(time), any);
}

function contains(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  return Array.isArray(value) && value.some((part) => contains(part, wanted));
}

/** Keeps the rows that `mark` has marked. False when none is left. */
function keepAny(mask: Uint8Array, mark: (any: Uint8Array) => void): boolean {
  const any = new Uint8Array(mask.length);
  mark(any);
  let left = 0;
  for (let i = 0; i < mask.length; i++) {
    mask[i]! &= any[i]!;
    left |= mask[i]!;
  }
  return left !== 0;
}

/** Whether a record has the text itself, whatever its bodies have. */
export function hasText(record: SettledRecord, text: string): boolean {
  const wanted = text.toLowerCase();
  return TEXTS.some((field) => contains(record[field as keyof SettledRecord], wanted));
}
