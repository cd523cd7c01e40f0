import type { TimeRange } from '../../store/request-reader.js';
import type {
  Between,
  RangeField,
  SearchFilter,
  SearchPlace,
  ValueField,
  Within,
} from '../../store/requests/search-query.js';
import { cursorOf, readCursor } from '../cursor.js';
import { BadParameter, readNumber, readParameters, readTime, readTimeZone } from '../parameters.js';

/** Parameters whose values are told one by one, and the field of the record that must have one of them. */
export const VALUE_PARAMETERS = {
  key: 'keyId',
  org: 'org',
  team: 'team',
  project: 'project',
  user: 'user',
  customer: 'customer',
  session: 'session',
  tag: 'tags',
  model: 'model',
  provider: 'provider',
  upstream_model: 'targetModel',
  operation: 'operation',
  endpoint: 'format',
  outcome: 'outcome',
  error: 'error',
  cache: 'cache',
  finish: 'finish',
  tool: 'tools',
  stream: 'stream',
} as const satisfies Record<string, ValueField>;

/** `min_…` and `max_…` of each: the field, and how much of it one of the parameter's unit is. */
export const RANGE_PARAMETERS = {
  cost_usd: { field: 'costNano', unit: 1e9 },
  ms: { field: 'totalMs', unit: 1 },
  first_token_ms: { field: 'firstTokenMs', unit: 1 },
  input_tokens: { field: 'inputTokens', unit: 1 },
  output_tokens: { field: 'outputTokens', unit: 1 },
} as const satisfies Record<string, { field: RangeField; unit: number }>;

const REPEATABLE = [...Object.keys(VALUE_PARAMETERS), 'status'];
const SINGLE = [
  'q',
  'from',
  'to',
  'time_zone',
  ...Object.keys(RANGE_PARAMETERS).flatMap((name) => [`min_${name}`, `max_${name}`]),
];
const NOBODY: Within = { org: [], team: [], user: [] };
const MOST_TEXT = 200;
const MOST_VALUES = 100;
/** Longer values no record has. */
const MOST_VALUE = 512;

/** What a list of requests, or something like it, is asked for with. */
export interface RequestAsk {
  readonly filter: SearchFilter;
  readonly range: TimeRange;
  /** The parameters as they were given, for those that only one kind of list has. */
  readonly given: URLSearchParams;
}

/** Reads which requests are meant. Throws BadParameter. @param more single parameters beside those of every list */
export function readRequestAsk(
  query: string,
  within: Within | null,
  more: readonly string[] = [],
): RequestAsk {
  const given = readParameters(query, [...SINGLE, ...more], REPEATABLE);
  const zone = readTimeZone(given);
  const from = readTime(given, 'from', zone) ?? 0;
  const to = readTime(given, 'to', zone) ?? Number.MAX_SAFE_INTEGER;
  if (from >= to) throw new BadParameter('to', '"to" must be later than "from"');
  const text = given.get('q') ?? '';
  if (text.length > MOST_TEXT) throw new BadParameter('q', `"q" is longer than ${MOST_TEXT} characters`);
  return {
    filter: {
      values: valuesOf(given),
      ranges: rangesOf(given),
      text: text.trim(),
      within,
      bodiesWithin: NOBODY,
    },
    range: { from, to },
    given,
  };
}

function valuesOf(given: URLSearchParams): SearchFilter['values'] {
  const values: Partial<Record<ValueField, readonly (string | boolean)[]>> = {};
  for (const [name, field] of Object.entries(VALUE_PARAMETERS)) {
    if (!given.has(name)) continue;
    const all = given.getAll(name);
    if (all.length > MOST_VALUES || all.some((one) => one.length > MOST_VALUE))
      throw new BadParameter(name, `"${name}" is given too often, or with too long a value`);
    values[field] = field === 'stream' ? all.map(readFlag) : all;
  }
  return values;
}

function readFlag(text: string): boolean {
  if (text !== 'true' && text !== 'false')
    throw new BadParameter('stream', `"stream" is true or false, not "${text}"`);
  return text === 'true';
}

function rangesOf(given: URLSearchParams): SearchFilter['ranges'] {
  const ranges: Partial<Record<RangeField, readonly Between[]>> = {};
  for (const [name, { field, unit }] of Object.entries(RANGE_PARAMETERS)) {
    const least = readAmount(given, `min_${name}`);
    const most = readAmount(given, `max_${name}`);
    if (least === null && most === null) continue;
    const between = {
      least: least === null ? 0 : Math.round(least * unit),
      most: most === null ? Number.MAX_SAFE_INTEGER : Math.round(most * unit),
    };
    if (between.least > between.most)
      throw new BadParameter(`max_${name}`, `"max_${name}" must not be less than "min_${name}"`);
    ranges[field] = [between];
  }
  if (given.has('status')) ranges.status = given.getAll('status').map(readStatus);
  return ranges;
}

function readAmount(given: URLSearchParams, name: string): number | null {
  const text = given.get(name);
  if (text === null) return null;
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text))
    throw new BadParameter(name, `"${name}" must be a number such as 12 or 0.5`);
  return Number(text);
}

/** `200`, `4xx` or `500-503`; 0 is that of clients that left first. */
function readStatus(text: string): Between {
  const [, hundreds] = /^([1-5])xx$/.exec(text) ?? [];
  if (hundreds !== undefined) return { least: Number(hundreds) * 100, most: Number(hundreds) * 100 + 99 };
  const [, least, most = least] = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(text) ?? [];
  if (least === undefined || Number(least) > Number(most))
    throw new BadParameter('status', `"status" is such as 200, 4xx or 500-503, not "${text.slice(0, 50)}"`);
  return { least: Number(least), most: Number(most) };
}

export function readLimit(given: URLSearchParams, most: number, usual: number): number {
  return readNumber(given, 'limit', most, usual);
}

export function readPlace(given: URLSearchParams): SearchPlace | null {
  const text = readCursor(given.get('cursor'));
  if (text === undefined) return null;
  const [, time, id] = /^(-?\d{1,16}) (.{0,512})$/s.exec(text) ?? [];
  if (time === undefined || id === undefined)
    throw new BadParameter('cursor', '"cursor" must be the next_cursor of an answer');
  return { time: Number(time), id };
}

export function placeText(place: SearchPlace | null): string | null {
  return place === null ? null : cursorOf(`${place.time} ${place.id}`);
}
