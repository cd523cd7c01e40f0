import { USAGE_DIMENSIONS, type UsageDimension, type UsageQuery } from '../store/usage-report.js';

export interface UsageRequest extends UsageQuery {
  format: 'json' | 'csv';
}

/** A parameter that cannot be understood; the message names it and says what was expected. */
export class BadParameter extends Error {
  constructor(
    readonly param: string,
    message: string,
  ) {
    super(message);
  }
}

const PARAMETERS = ['group_by', 'from', 'to', 'customer', 'key', 'format'];
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** Reads the query of `GET /api/usage`. Throws BadParameter. */
export function parseUsageQuery(query: string): UsageRequest {
  const given = new URLSearchParams(query);
  for (const name of new Set(given.keys())) {
    if (!PARAMETERS.includes(name)) {
      throw new BadParameter(name, `there is no parameter "${name}"; there are ${PARAMETERS.join(', ')}`);
    }
    if (given.getAll(name).length > 1) throw new BadParameter(name, `"${name}" is given more than once`);
  }
  const from = time(given, 'from');
  const to = time(given, 'to');
  if (from !== null && to !== null && from >= to)
    throw new BadParameter('to', '"to" must be later than "from"');
  return {
    groupBy: dimensions(given),
    from,
    to,
    customer: given.get('customer'),
    key: given.get('key'),
    format: format(given),
  };
}

function dimensions(given: URLSearchParams): UsageDimension[] {
  const text = given.get('group_by');
  if (text === null) return ['customer'];
  if (text === '') return [];
  const names = text.split(',').map((name) => name.trim());
  return names.map((name, i) => {
    const known = USAGE_DIMENSIONS.find((dimension) => dimension === name);
    if (known === undefined) {
      throw new BadParameter(
        'group_by',
        `"group_by" cannot be "${name}"; it takes ${USAGE_DIMENSIONS.join(', ')}, joined by commas`,
      );
    }
    if (names.indexOf(name) !== i) throw new BadParameter('group_by', `"group_by" names "${name}" twice`);
    return known;
  });
}

function format(given: URLSearchParams): 'json' | 'csv' {
  const text = given.get('format') ?? 'json';
  if (text !== 'json' && text !== 'csv')
    throw new BadParameter('format', `"format" is json or csv, not "${text}"`);
  return text;
}

/** Without an offset a time is UTC, as everything in the report is. */
function time(given: URLSearchParams, name: string): number | null {
  // A plus sign that was not escaped arrives as a space.
  const text = given.get(name)?.replace(' ', '+');
  if (text === undefined) return null;
  let value = Number.NaN;
  if (/^\d{1,15}$/.test(text)) value = Number(text);
  else if (ISO.test(text))
    value = Date.parse(/T.*(Z|[+-]\d{2}:\d{2})$/.test(text) || !text.includes('T') ? text : `${text}Z`);
  if (Number.isNaN(value)) {
    throw new BadParameter(
      name,
      `"${name}" must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, or unix milliseconds`,
    );
  }
  return value;
}
