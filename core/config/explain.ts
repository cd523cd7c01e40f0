import type { core } from 'zod';
import type { FindingParts, Findings } from './findings.js';
import { keysAt, wordsAt } from './known.js';
import { nearest } from './nearest.js';
import type { Path } from './path.js';
import { wanted } from './wants.js';

type Issue = core.$ZodIssue;

/** The value at `path`, or undefined. */
export function valueAt(data: unknown, path: Path): unknown {
  let here = data;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as Record<string | number, unknown>)[part];
  }
  return here;
}

const NOUNS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
};

/** `"a", "b" or "c"` */
export function alternatives(words: readonly unknown[]): string {
  const quoted = words.map((word) => JSON.stringify(word));
  const last = quoted.pop() ?? '';
  return quoted.length === 0 ? last : `${quoted.join(', ')} or ${last}`;
}

function expectation(issue: Issue): string | undefined {
  const ours = wanted(issue.message);
  if (ours !== undefined) return ours;
  if (issue.code === 'invalid_type') return NOUNS[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_value') return alternatives(issue.values);
  return undefined;
}

/** The one branch of a union whose outer type fits: its issues say more than "none of these". */
function fittingBranch(issue: Extract<Issue, { code: 'invalid_union' }>): readonly Issue[] | undefined {
  const fitting = issue.errors.filter((branch) =>
    branch.some((inner) => inner.path.length > 0 || inner.code === 'unrecognized_keys'),
  );
  return fitting.length === 1 ? (fitting[0] as readonly Issue[]) : undefined;
}

/** Turns what zod found in `data` (after variables were replaced) into findings with our words and suggestions. */
export function explain(
  issues: readonly Issue[],
  data: unknown,
  findings: Findings,
  prefix: Path = [],
): void {
  for (const issue of issues) explainOne(issue, [...prefix, ...(issue.path as Path)], data, findings);
}

function explainOne(issue: Issue, path: Path, data: unknown, findings: Findings): void {
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) findings.error([...path, key], unknownKey(key, path));
    return;
  }
  if (issue.code === 'invalid_union') {
    const branch = fittingBranch(issue);
    if (branch !== undefined) {
      explain(branch, data, findings, path);
      return;
    }
  }
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0] as Issue | undefined;
    const expected = inner === undefined ? undefined : expectation(inner);
    findings.error(path, {
      what: 'not a possible name',
      ...(expected !== undefined && { expected }),
      at: 'key',
    });
    return;
  }
  const value = valueAt(data, path);
  const expected = expectation(issue);
  if (value === undefined) {
    findings.error(path, { what: 'missing', ...(expected !== undefined && { expected }) });
    return;
  }
  const parts: FindingParts = expected === undefined ? { what: issue.message, value } : { expected, value };
  const suggestion = typeof value === 'string' ? nearest(value, wordsAt(path)) : undefined;
  findings.error(path, suggestion === undefined ? parts : { ...parts, suggestion });
}

function unknownKey(key: string, parent: Path): FindingParts {
  const known = keysAt(parent);
  const suggestion = nearest(key, known);
  if (suggestion !== undefined) return { what: 'unknown key', suggestion, at: 'key' };
  return {
    what: 'unknown key',
    ...(known.length > 0 && { expected: `one of ${known.join(', ')}` }),
    at: 'key',
  };
}
