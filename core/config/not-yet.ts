import type { Path } from './path.js';

interface NotYet {
  /** `*` is any key or list index. */
  path: string;
  /** Left out: the key being there is enough. */
  when?: (value: unknown) => boolean;
  /** With its verb: `a cluster of several nodes is`. */
  feature: string;
  hint?: string;
}

const oneOf =
  (...values: string[]) =>
  (value: unknown): boolean =>
    typeof value === 'string' && values.includes(value);

/** `"${NAME}"` is a text until the schema asks for more. */
const switchedOn = (value: unknown): boolean => value === true || value === 'true';

/** What the interface fixes but this version cannot do. Delete a line when its feature arrives. */
const NOT_YET: readonly NotYet[] = [
  { path: 'plugins.*.isolate', when: switchedOn, feature: 'isolation of plugins is' },
  {
    path: 'models.*.strategy',
    when: oneOf('least_latency', 'least_cost', 'least_busy', 'usage', 'sticky'),
    feature: 'this strategy is',
    hint: 'use fallback or weighted',
  },
];

function* matches(
  value: unknown,
  pattern: readonly string[],
  path: Path,
): Generator<{ path: Path; value: unknown }> {
  const [head, ...rest] = pattern;
  if (head === undefined) {
    yield { path, value };
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inside] of Object.entries(value)) {
    if (head !== '*' && head !== key) continue;
    yield* matches(inside, rest, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

/** Every use of something this version does not support yet. */
export function findNotYet(data: unknown): { path: Path; what: string; hint?: string }[] {
  const found: { path: Path; what: string; hint?: string }[] = [];
  for (const entry of NOT_YET) {
    for (const match of matches(data, entry.path.split('.'), [])) {
      if (entry.when !== undefined ? !entry.when(match.value) : match.value === null) continue;
      const what = `${entry.feature} not supported by this version yet`;
      found.push({ path: match.path, what, ...(entry.hint !== undefined && { hint: entry.hint }) });
    }
  }
  return found;
}
