import { ScimError } from './scim-error.js';

/** One comparison of a filter. */
export interface Equals {
  /** In small letters, such as `username` or `emails.value`. */
  readonly attribute: string;
  readonly value: string | boolean | null;
}

const PART =
  /^\s*([A-Za-z$][\w$.:-]*(?:\[[^\]]*\])?(?:\.\w+)?)\s+([A-Za-z]+)\s+("(?:[^"\\]|\\.)*"|true|false|null)/;
const URN = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):/;
const MOST = 10;

/**
 * What identity providers send of the filters of RFC 7644, 3.4.2.2: comparisons by `eq`, joined by `and`. Throws a ScimError
 * for everything else, rather than answer with something that was not asked for.
 */
export function parseFilter(text: string): Equals[] {
  const found: Equals[] = [];
  let rest = text;
  for (;;) {
    const part = PART.exec(rest);
    if (part === null || found.length === MOST) throw unfit(text);
    const [whole, attribute = '', operator = '', value = ''] = part;
    if (operator.toLowerCase() !== 'eq') throw unfit(text);
    // `emails[type eq "work"].value`: which of the addresses it is makes no difference here.
    const name = attribute
      .toLowerCase()
      .replace(URN, '')
      .replace(/\[[^\]]*\]/, '');
    found.push({ attribute: name === 'emails' ? 'emails.value' : name, value: literal(value, text) });
    rest = rest.slice(whole.length);
    if (rest.trim() === '') return found;
    const joined = /^\s+and\s+/i.exec(rest);
    if (joined === null) throw unfit(text);
    rest = rest.slice(joined[0].length);
  }
}

function literal(text: string, filter: string): Equals['value'] {
  try {
    return JSON.parse(text) as Equals['value'];
  } catch {
    throw unfit(filter);
  }
}

function unfit(text: string): ScimError {
  const shown = text.slice(0, 100);
  return new ScimError(
    400,
    'invalidFilter',
    `filters are "attribute eq value", joined by "and", not ${JSON.stringify(shown)}`,
  );
}
