import { ScimError } from './scim-error.js';

/** An attribute, in small letters: `username`, or `emails` and `value`. */
export interface AttributePath {
  readonly attribute: string;
  readonly sub: string | null;
}

export const COMPARISONS = ['eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'] as const;
export type Comparison = (typeof COMPARISONS)[number];
export type FilterValue = string | number | boolean | null;

/** A filter of RFC 7644, 3.4.2.2. `some`: an item of a list is such that. */
export type Filter =
  | { readonly op: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly op: 'not'; readonly of: Filter }
  | { readonly op: 'some'; readonly attribute: string; readonly of: Filter }
  | { readonly op: 'pr'; readonly path: AttributePath }
  | { readonly op: Comparison; readonly path: AttributePath; readonly value: FilterValue };

/** Longest filter, deepest brackets, and most comparisons. */
const MOST_CHARACTERS = 4096;
const MOST_DEPTH = 20;
const MOST_COMPARISONS = 100;

const SPACE = /\s*/y;
const WORD = /[A-Za-z]+(?![\w$.:[-])/y;
const PATH = /((?:urn:[\w.:-]+:)?)([A-Za-z$][\w$-]*)(?:\.([A-Za-z$][\w$-]*))?/iy;
const CORE = /^urn:ietf:params:scim:schemas:core:2\.0:(?:user|group):$/;
const SUB = /\.([A-Za-z$][\w$-]*)/y;
const LITERAL = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true\b|false\b|null\b/y;

/** Throws a ScimError that says where the filter is not one. */
export function parseFilter(text: string): Filter {
  if (text.length > MOST_CHARACTERS)
    throw new ScimError(400, 'invalidFilter', `a filter has at most ${MOST_CHARACTERS} characters`);
  return new FilterReader(text).read();
}

class FilterReader {
  private at = 0;
  private depth = 0;
  private comparisons = 0;

  constructor(private readonly text: string) {}

  read(): Filter {
    const filter = this.either();
    if (this.at < this.text.length) throw this.unfit('nothing more, "and" or "or"');
    return filter;
  }

  private either(): Filter {
    if (++this.depth > MOST_DEPTH) throw this.refused(`brackets are at most ${MOST_DEPTH} deep`);
    const filter = this.joined('or', () => this.joined('and', () => this.one()));
    this.depth--;
    return filter;
  }

  private joined(word: 'and' | 'or', next: () => Filter): Filter {
    const parts = [next()];
    while (this.takesWord(word)) parts.push(next());
    return parts.length === 1 ? (parts[0] as Filter) : { op: word, parts };
  }

  private one(): Filter {
    if (this.takes('(')) return this.closed(')');
    const before = this.at;
    if (this.takesWord('not')) {
      if (this.takes('(')) return { op: 'not', of: this.closed(')') };
      // An attribute of that name.
      this.at = before;
    }
    const path = this.path();
    if (path.sub === null && this.text[this.at] === '[') {
      this.at++;
      return this.item(path.attribute, this.closed(']'));
    }
    return this.compared(path);
  }

  /** `emails[type eq "work"]`, or as some send it `emails[type eq "work"].value eq "…"`. */
  private item(attribute: string, inside: Filter): Filter {
    const sub = this.match(SUB);
    if (sub === null) {
      this.match(SPACE);
      return { op: 'some', attribute, of: inside };
    }
    const then = this.compared({ attribute: String(sub[1]).toLowerCase(), sub: null });
    return { op: 'some', attribute, of: { op: 'and', parts: [inside, then] } };
  }

  private compared(path: AttributePath): Filter {
    if (++this.comparisons > MOST_COMPARISONS)
      throw this.refused(`a filter has at most ${MOST_COMPARISONS} comparisons`);
    this.match(SPACE);
    const from = this.at;
    const op = this.match(WORD)?.[0].toLowerCase();
    if (op === 'pr') {
      this.match(SPACE);
      return { op, path };
    }
    const known = COMPARISONS.find((one) => one === op);
    if (known === undefined) {
      this.at = from;
      throw this.unfit(`one of ${COMPARISONS.join(', ')} or pr`);
    }
    this.match(SPACE);
    return { op: known, path, value: this.value(known) };
  }

  private value(op: Comparison): FilterValue {
    const from = this.at;
    const found = this.match(LITERAL);
    if (found === null) throw this.unfit('a text in quotes, a number, true, false or null');
    let value: FilterValue;
    try {
      value = JSON.parse(found[0]) as FilterValue;
    } catch {
      this.at = from;
      throw this.unfit('a text as in JSON');
    }
    this.match(SPACE);
    if (op === 'eq' || op === 'ne') return value;
    const isText = typeof value === 'string';
    if (isText || (typeof value === 'number' && (op.startsWith('g') || op.startsWith('l')))) return value;
    throw this.refused(`${op} does not compare with ${found[0]}`);
  }

  private path(): AttributePath {
    this.match(SPACE);
    const found = this.match(PATH);
    if (found === null) throw this.unfit('an attribute or a bracket');
    const [, urn = '', name = '', sub] = found;
    const schema = urn.toLowerCase();
    return {
      attribute: (CORE.test(schema) ? '' : schema) + name.toLowerCase(),
      sub: sub?.toLowerCase() ?? null,
    };
  }

  private closed(bracket: string): Filter {
    const inside = this.either();
    if (this.text[this.at] !== bracket) throw this.unfit(`"${bracket}"`);
    this.at++;
    if (bracket === ')') this.match(SPACE);
    return inside;
  }

  private takes(sign: string): boolean {
    this.match(SPACE);
    if (this.text[this.at] !== sign) return false;
    this.at++;
    return true;
  }

  private takesWord(word: string): boolean {
    const before = this.at;
    this.match(SPACE);
    if (this.match(WORD)?.[0].toLowerCase() === word) return true;
    this.at = before;
    return false;
  }

  private match(what: RegExp): RegExpExecArray | null {
    what.lastIndex = this.at;
    const found = what.exec(this.text);
    if (found !== null) this.at = what.lastIndex;
    return found;
  }

  private unfit(wanted: string): ScimError {
    const rest = this.text.slice(this.at, this.at + 40);
    const found = rest === '' ? 'its end' : JSON.stringify(rest);
    return this.refused(`at character ${this.at + 1} of the filter stands ${found}, wanted: ${wanted}`);
  }

  private refused(why: string): ScimError {
    return new ScimError(400, 'invalidFilter', why);
  }
}
