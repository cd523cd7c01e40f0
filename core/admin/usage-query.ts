import {
  GROUP_DIMENSIONS,
  USAGE_DIMENSIONS,
  type UsageFilter,
  type UsageQuery,
} from '../store/usage-report.js';
import {
  BadParameter,
  readChoice,
  readList,
  readNumber,
  readParameters,
  readTime,
  readTimeZone,
} from './parameters.js';

export interface UsageRequest extends UsageQuery {
  format: 'json' | 'csv';
}

export const USAGE_PARAMETERS = ['group_by', 'from', 'to', 'time_zone', 'limit', 'cursor', 'format'];
const MOST_ROWS = 50_000;
const USUAL_ROWS = 10_000;

/** Reads the query of `GET /api/usage`. Throws BadParameter. */
export function parseUsageQuery(query: string): UsageRequest {
  return usageRequest(readParameters(query, USAGE_PARAMETERS, GROUP_DIMENSIONS));
}

/** Throws BadParameter. */
export function usageRequest(given: URLSearchParams): UsageRequest {
  const timeZone = readTimeZone(given);
  const from = readTime(given, 'from', timeZone);
  const to = readTime(given, 'to', timeZone);
  if (from !== null && to !== null && from >= to)
    throw new BadParameter('to', '"to" must be later than "from"');
  return {
    groupBy: readList(given, 'group_by', USAGE_DIMENSIONS) ?? ['customer'],
    from,
    to,
    filter: filterOf(given),
    timeZone,
    limit: readNumber(given, 'limit', MOST_ROWS, USUAL_ROWS),
    after: given.get('cursor'),
    format: readChoice(given, 'format', ['json', 'csv']),
  };
}

function filterOf(given: URLSearchParams): UsageFilter {
  const names = GROUP_DIMENSIONS.filter((name) => given.has(name));
  return Object.fromEntries(names.map((name) => [name, given.getAll(name)]));
}
