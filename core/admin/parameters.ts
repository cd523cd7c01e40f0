import { instantOf } from '@headgate/sdk';
import { isTimeZone } from '../store/time-zone.js';

/** A parameter that cannot be understood; the message names it and says what was expected. */
export class BadParameter extends Error {
  constructor(
    readonly param: string,
    message: string,
  ) {
    super(message);
  }
}

const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** The parameters of a query. Throws BadParameter for one that nobody knows, or that is given more often than it may be. */
export function readParameters(
  query: string,
  single: readonly string[],
  repeatable: readonly string[] = [],
): URLSearchParams {
  const given = new URLSearchParams(query);
  for (const name of new Set(given.keys())) {
    if (!single.includes(name) && !repeatable.includes(name)) {
      const all = [...single, ...repeatable].join(', ');
      throw new BadParameter(name, `there is no parameter "${name}"; there are ${all}`);
    }
    // No name has one, and Postgres takes no text with it.
    if (given.getAll(name).some((text) => text.includes('\0')))
      throw new BadParameter(name, `"${name}" has a NUL character`);
    if (!repeatable.includes(name) && given.getAll(name).length > 1)
      throw new BadParameter(name, `"${name}" is given more than once`);
  }
  return given;
}

export function readChoice<T extends string>(
  given: URLSearchParams,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const text = given.get(name);
  if (text === null) return choices[0];
  const found = choices.find((choice) => choice === text);
  if (found === undefined) {
    const [last, ...others] = choices.toReversed();
    throw new BadParameter(name, `"${name}" is ${others.reverse().join(', ')} or ${last}, not "${text}"`);
  }
  return found;
}

/** A list joined by commas, null when it is not given. Throws BadParameter for what is no choice, or there twice. */
export function readList<T extends string>(
  given: URLSearchParams,
  name: string,
  choices: readonly T[],
): T[] | null {
  const text = given.get(name);
  if (text === null) return null;
  if (text === '') return [];
  const names = text.split(',').map((one) => one.trim());
  return names.map((one, i) => {
    const known = choices.find((choice) => choice === one);
    if (known === undefined)
      throw new BadParameter(
        name,
        `"${name}" cannot be "${one}"; it takes ${choices.join(', ')}, joined by commas`,
      );
    if (names.indexOf(one) !== i) throw new BadParameter(name, `"${name}" names "${one}" twice`);
    return known;
  });
}

export function readNumber(given: URLSearchParams, name: string, most: number, otherwise: number): number {
  const text = given.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most)
    throw new BadParameter(name, `"${name}" must be a whole number from 1 to ${most}`);
  return value;
}

/** An IANA time zone; UTC when none is given. */
export function readTimeZone(given: URLSearchParams): string {
  const zone = given.get('time_zone') ?? 'UTC';
  if (!isTimeZone(zone))
    throw new BadParameter('time_zone', `there is no time zone "${zone}"; give one such as Europe/Berlin`);
  return zone;
}

/** Unix milliseconds; without an offset a time is the time zone's. */
export function readTime(given: URLSearchParams, name: string, zone: string): number | null {
  // A plus sign that was not escaped arrives as a space.
  const text = given.get(name)?.replace(' ', '+');
  if (text === undefined) return null;
  let value = Number.NaN;
  if (/^\d{1,15}$/.test(text)) value = Number(text);
  else if (ISO.test(text)) {
    const exact = /T.*(Z|[+-]\d{2}:\d{2})$/.test(text);
    value = Date.parse(exact || !text.includes('T') ? text : `${text}Z`);
    if (!exact && !Number.isNaN(value)) value = instantOf(zone, value);
  }
  if (Number.isNaN(value)) {
    throw new BadParameter(
      name,
      `"${name}" must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z, or unix milliseconds`,
    );
  }
  return value;
}
