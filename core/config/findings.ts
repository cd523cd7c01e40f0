import type { Derived } from './interpolate.js';
import type { Locator } from './locator.js';
import { formatPath, type Path, pathKey } from './path.js';
import { describeFound } from './printable.js';
import { type Problem, type ProblemParts, sentence } from './problem.js';

/** What a finding may say beside its path. `value` becomes "found …" when it may be shown. */
export interface FindingParts extends ProblemParts {
  value?: unknown;
  /** Point at the key instead of the value. */
  at?: 'key';
}

/** Collects the errors and warnings of one load, each with its place in the file. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: Problem[] = [];
  readonly #locator: Locator;
  readonly #derived: ReadonlyMap<string, Derived>;

  constructor(locator: Locator, derived: ReadonlyMap<string, Derived>) {
    this.#locator = locator;
    this.#derived = derived;
  }

  error(path: Path, parts: FindingParts): void {
    this.problems.push(this.#make(path, parts));
  }

  warn(path: Path, parts: FindingParts): void {
    this.warnings.push(this.#make(path, parts));
  }

  /** An error about a flag or a variable, which has a name but no place in the file. */
  setting(name: string, parts: ProblemParts): void {
    this.problems.push({ path: name, line: null, column: null, message: sentence(parts) });
  }

  #make(path: Path, parts: FindingParts): Problem {
    const { value, at, ...rest } = parts;
    const derived = this.#derived.get(pathKey(path));
    // What a variable holds is not ours to print, wherever it ends up.
    if (derived !== undefined) {
      if ('value' in parts || rest.found !== undefined) rest.found = foundIn(derived);
      delete rest.suggestion;
    } else if ('value' in parts) rest.found = describeFound(value, path);
    const stored = this.#locator.stored?.(path) ?? null;
    const position = stored === null ? this.#locator.locate(path, at ?? 'value') : null;
    return {
      path: formatPath(stored?.path ?? path),
      line: position?.line ?? null,
      column: position?.column ?? null,
      message: sentence(rest),
      ...(rest.expected !== undefined && { expected: rest.expected }),
      ...(rest.found !== undefined && { found: rest.found }),
      ...(rest.suggestion !== undefined && { suggestion: rest.suggestion }),
      ...(stored !== null && { owner: stored.owner }),
    };
  }
}

/** `the value of ${A}`, or of `${A} and ${B}`. */
function foundIn(derived: Derived): string {
  if (derived.variables.length === 0) return 'a secret of the store';
  const names = [...new Set(derived.variables)].map((name) => `\${${name}}`);
  return `the value of ${names.join(' and ')}`;
}
