import { type FindingParts, Findings } from '../config/findings.js';
import type { Locator } from '../config/locator.js';
import type { Path } from '../config/path.js';
import { formatProblems, type Problem } from '../config/problem.js';

/** Where a plugin is listed: `['plugins', 0]`, or nowhere when another setting has switched it on. */
export interface PluginPlace {
  readonly path: Path;
  /** Finds lines in the file; threads have none. */
  readonly locator: Locator;
}

/** A plugin of the config that cannot be loaded, does not like its settings, or failed in its set-up. */
export class PluginProblem extends Error {
  override readonly name = 'PluginProblem';

  constructor(readonly problems: readonly Problem[]) {
    super(formatProblems(problems, null));
  }
}

/** One problem, with its path below the plugin's place. */
export function pluginProblem(place: PluginPlace, below: Path, parts: FindingParts): PluginProblem {
  const findings = new Findings(place.locator, new Map());
  findings.error(place.path.length === 0 ? [] : [...place.path, ...below], parts);
  return new PluginProblem(findings.problems);
}
