import fc from 'fast-check';

/** JSON text with everything JSON.stringify never writes: white space anywhere, escapes where none are needed. */

export const WANTED = ['model', 'stream', 'max_tokens', 'user', 'metadata'] as const;

export interface Member {
  readonly before: string;
  readonly key: string;
  readonly colon: string;
  readonly value: string;
  readonly after: string;
}

export interface ObjectText {
  readonly lead: string;
  readonly members: readonly Member[];
  readonly trail: string;
}

const space = fc
  .array(fc.constantFrom(' ', '\n', '\t', '\r'), { maxLength: 3 })
  .map((parts) => parts.join(''));

const unicodeEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function charText(char: string, escaped: boolean): string {
  const short = SHORT_ESCAPES[char];
  if (short !== undefined && (char !== '/' || escaped)) return short;
  // Half a surrogate pair has no UTF-8, so it can only stand there escaped.
  if (!escaped && char >= ' ' && !/\p{Surrogate}/u.test(char)) return char;
  return Array.from({ length: char.length }, (_, i) => unicodeEscape(char.charCodeAt(i))).join('');
}

/** The JSON text of a given string, some of its characters escaped. */
export function textOf(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(value, fc.infiniteStream(fc.boolean()))
    .map(([text, escaped]) => `"${[...text].map((char) => charText(char, escaped.next().value)).join('')}"`);
}

const trickyText = fc
  .array(
    fc.oneof(
      fc.constantFrom('"', '\\', '\\\\', '\\"', '{', '}', '[', ']', ':', ',', '😀', 'é', '\u0000', '\ud800'),
      fc.string(),
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(''));

const stringText = textOf(trickyText);

const scalarText = fc.oneof(
  stringText,
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1e5', '-12.50E-3', '1e400', '123456789012345678901'),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
);

/** Keys: the wanted names, plain and escaped, and what is easily taken for one. */
const keyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...WANTED).map((name) => `"${name}"`) },
  { weight: 2, arbitrary: textOf(fc.constantFrom(...WANTED)) },
  {
    weight: 2,
    arbitrary: textOf(
      fc.constantFrom(
        'Model',
        'STREAM',
        'uſer',
        'maxtokens',
        'max\x7ftokens',
        'mode',
        'models',
        '',
        '__proto__',
        'uśer',
      ),
    ),
  },
  { weight: 2, arbitrary: stringText },
);

const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, scalarText, tie('array'), tie('object')),
  array: fc
    .array(fc.tuple(space, tie('value'), space), { maxLength: 4 })
    .map((items) => `[${items.map((item) => item.join('')).join(',')}]`),
  object: fc
    .array(fc.tuple(space, keyText, space, fc.constant(':'), space, tie('value'), space), { maxLength: 4 })
    .map((items) => `{${items.map((item) => item.join('')).join(',')}}`),
}));

export const valueText = value;

const member: fc.Arbitrary<Member> = fc
  .tuple(space, keyText, fc.tuple(space, space), valueText, space)
  .map(([before, key, [left, right], text, after]) => ({
    before,
    key,
    colon: `${left}:${right}`,
    value: text,
    after,
  }));

export const objectText: fc.Arbitrary<ObjectText> = fc
  .tuple(space, fc.array(member, { maxLength: 8 }), space, space)
  .map(([lead, members, empty, trail]) =>
    members.length > 0 ? { lead, members, trail } : { lead: lead + empty, members, trail },
  );

export function bytesOf({ lead, members, trail }: ObjectText): Buffer {
  const inner = members.map((m) => m.before + m.key + m.colon + m.value + m.after).join(',');
  return Buffer.from(`${lead}{${inner}}${trail}`);
}

/** A change to some bytes, as a broken or hostile client would send them. */
export interface Mutation {
  readonly kind: 'replace' | 'insert' | 'remove';
  readonly place: number;
  readonly byte: number;
}

const likelyByte = fc.oneof(fc.constantFrom(...Buffer.from('"\\{}[]:, 0-e.tn\n')), fc.nat(255));

export const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('replace', 'insert', 'remove'),
    place: fc.nat(100_000),
    byte: likelyByte,
  }),
  { minLength: 1, maxLength: 4 },
);

export function mutate(bytes: Buffer, changes: readonly Mutation[]): Buffer {
  const out = [...bytes];
  for (const { kind, place, byte } of changes) {
    const at = place % (out.length + 1);
    if (kind === 'insert') out.splice(at, 0, byte);
    else if (kind === 'remove') out.splice(at, 1);
    else if (at < out.length) out[at] = byte;
  }
  return Buffer.from(out);
}
