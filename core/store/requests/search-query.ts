import type { SettledRecord } from '@headgate/sdk';
import type { SearchField } from './search-columns.js';

/** Fields whose values are told one by one; of lists, one of the parts must be it. */
export type ValueField = Extract<
  SearchField,
  | 'keyId'
  | 'org'
  | 'team'
  | 'project'
  | 'user'
  | 'customer'
  | 'session'
  | 'tags'
  | 'model'
  | 'provider'
  | 'targetModel'
  | 'operation'
  | 'format'
  | 'stream'
  | 'outcome'
  | 'error'
  | 'cache'
  | 'finish'
  | 'tools'
  | 'answerId'
>;

/** Fields with a least and a most. */
export type RangeField = Extract<
  SearchField,
  'status' | 'costNano' | 'totalMs' | 'firstTokenMs' | 'inputTokens' | 'outputTokens'
>;

/** From the least to the most, both of them included. */
export interface Between {
  readonly least: number;
  readonly most: number;
}

/** Which records: all of these must hold. */
export interface SearchFilter {
  /** One of the values. A key goes by its id or its name. */
  readonly values: Readonly<Partial<Record<ValueField, readonly (string | boolean)[]>>>;
  /** Within one of the ranges. */
  readonly ranges: Readonly<Partial<Record<RangeField, readonly Between[]>>>;
  /** Occurs, in whatever case, in one of the texts of the record, or its words in what was kept of its bodies; '' for no such condition. */
  readonly text: string;
  /** Only what is of one of these; null: everything. */
  readonly within: Within | null;
  /** Whose bodies `text` may be found in; null: everybody's. */
  readonly bodiesWithin: Within | null;
}

/** What somebody may see. */
export interface Within {
  readonly org: readonly string[];
  readonly team: readonly string[];
  readonly user: readonly string[];
}

export function isWithin(record: SettledRecord, within: Within | null): boolean {
  if (within === null) return true;
  return (['org', 'team', 'user'] as const).some(
    (field) => record[field] !== '' && within[field].includes(record[field]),
  );
}

/** Behind the last record of the page before, which is not told again. */
export interface SearchPlace {
  readonly time: number;
  readonly id: string;
}

export interface SearchQuery {
  readonly filter: SearchFilter;
  /** Arrivals, unix milliseconds; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly after: SearchPlace | null;
}

/** Newest first. */
export interface SearchPage {
  readonly records: readonly SettledRecord[];
  /** Where the next page begins; null when there is none. */
  readonly next: SearchPlace | null;
}

export const NO_FILTER: SearchFilter = { values: {}, ranges: {}, text: '', within: null, bodiesWithin: null };
