import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { COMPARISONS, type Filter, type FilterValue, parseFilter } from '../../core/admin/scim/filter.js';
import { matches } from '../../core/admin/scim/filter-match.js';

const name = fc.constantFrom(
  'username',
  'emails',
  'name',
  'not',
  'and',
  'or',
  'pr',
  'eq',
  'x-1',
  '$ref',
  'true',
);
const path = fc.record({ attribute: name, sub: fc.option(name) });
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('"', '\\', ') or (', 'ü☀️', ''));
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((n) => n + 0);
const compared: fc.Arbitrary<Filter> = fc
  .tuple(fc.constantFrom(...COMPARISONS), path, text, number, fc.constantFrom(true, false, null), fc.nat(2))
  .map(([op, path, text, number, word, which]) => {
    const any: FilterValue = [text, number, word][which] ?? text;
    const value = op === 'eq' || op === 'ne' ? any : /^[gl]/.test(op) && which === 1 ? number : text;
    return { op, path, value };
  });
const { filter } = fc.letrec<{ filter: Filter }>((tie) => {
  const parts = fc.array(tie('filter'), { minLength: 2, maxLength: 3 });
  return {
    filter: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      compared,
      path.map((of): Filter => ({ op: 'pr', path: of })),
      parts.map((some): Filter => ({ op: 'and', parts: some })),
      parts.map((some): Filter => ({ op: 'or', parts: some })),
      tie('filter').map((of): Filter => ({ op: 'not', of })),
      fc.tuple(name, tie('filter')).map(([attribute, of]): Filter => ({ op: 'some', attribute, of })),
    ),
  };
});

function printed(one: Filter): string {
  if ('parts' in one)
    return one.parts
      .map((part) => ('parts' in part ? `(${printed(part)})` : printed(part)))
      .join(` ${one.op} `);
  if (one.op === 'not') return `not (${printed(one.of)})`;
  if (one.op === 'some') return `${one.attribute}[${printed(one.of)}]`;
  const { attribute, sub } = one.path;
  const at = sub === null ? attribute : `${attribute}.${sub}`;
  return one.op === 'pr' ? `${at} pr` : `${at} ${one.op} ${JSON.stringify(one.value)}`;
}

const small = filter.filter(
  (one) => printed(one).length < 3_000 && printed(one).split(/ pr| [a-z]{2} /).length < 90,
);

test('a filter that is printed and read again is the same', () => {
  fc.assert(
    fc.property(small, (one) => {
      expect(parseFilter(printed(one))).toEqual(one);
    }),
    { numRuns: 500 },
  );
});

test('whatever is sent is a filter or refused as none', () => {
  const piece = fc.oneof(
    text,
    fc.constantFrom(' ', '(', ')', '[', ']', ' and ', ' or ', 'not ', ' eq ', ' pr', 'a', '.', '"b"', '1'),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      try {
        parseFilter(pieces.join(''));
      } catch (error) {
        expect(error).toMatchObject({ name: 'ScimError', status: 400, scimType: 'invalidFilter' });
      }
    }),
    { numRuns: 500 },
  );
});

const ada = {
  id: 'Ada',
  userName: 'ada@example.com',
  active: true,
  name: { familyName: 'Lovelace' },
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'a@home.example', type: 'home' },
  ],
  groups: [],
  meta: { created: '2026-01-31T12:00:00.000Z' },
};

describe('of a resource', () => {
  it.each([
    'userName eq "ADA@EXAMPLE.COM"',
    'urn:ietf:params:scim:schemas:core:2.0:User:userName sw "ada"',
    'not (userName ne "ada@example.com")',
    'userName eq "x" or userName eq "y" or active eq true',
    // `and` goes before `or`.
    'active eq true or userName eq "x" and userName eq "y"',
    'active eq "True"',
    'emails eq "a@home.example"',
    'emails.type eq "home"',
    'emails[type eq "work" and primary eq true]',
    'emails[type eq "home"].value eq "a@home.example"',
    'emails[not (type eq "work")] and name pr and name.familyName ge "love"',
    'groups ne "x" and title eq null and not (title pr)',
    'meta.created ge "2026-01-31T13:00:00+01:00" and meta.created lt "2026-02-01T00:00:00Z"',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department ne "x"',
  ])('%s holds', (text) => {
    expect(matches(ada, parseFilter(text))).toBe(true);
  });

  it.each([
    'id eq "ada"',
    '(active eq true or userName eq "x") and userName eq "y"',
    'emails[type eq "home" and primary eq true]',
    'emails[type eq "home"].value eq "ada@example.com"',
    'groups pr',
    'name eq true',
    'name.familyName gt "lovelace"',
    'meta.created gt "2026-01-31T12:00:00Z"',
  ])('%s does not', (text) => {
    expect(matches(ada, parseFilter(text))).toBe(false);
  });

  it.each([
    ['', 'at character 1'],
    ['userName', 'wanted: one of eq,'],
    ['userName eq', 'wanted: a text in quotes'],
    ['userName eq "a', 'at character 13'],
    ['userName eq "\\x"', 'as in JSON'],
    ['userName eq "a" and', 'its end'],
    ['(userName pr', '")"'],
    ['emails[type pr', '"]"'],
    ['userName pr userName pr', 'nothing more'],
    ['active gt true', 'gt does not compare with true'],
    ['age co 5', 'co does not compare with 5'],
    [`${'('.repeat(21)}a pr${')'.repeat(21)}`, 'at most 20 deep'],
    [Array.from({ length: 101 }, () => 'a pr').join(' or '), 'at most 100 comparisons'],
    [`a eq "${'x'.repeat(4_096)}"`, 'at most 4096 characters'],
  ])('%s is refused', (text, why) => {
    expect(() => parseFilter(text)).toThrow(why);
  });
});
