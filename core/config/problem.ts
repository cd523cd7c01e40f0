/** One thing wrong with a configuration, or one warning about it. */
export interface Problem {
  /** `models.support.targets[0]`; the name of the flag or variable when it is not about the file; `''` for the whole file. */
  path: string;
  /** 1-based position in the file; null when the value does not come from the file. */
  line: number | null;
  column: number | null;
  /** The whole sentence, without path and position. Never contains a secret. */
  message: string;
  expected?: string;
  found?: string;
  /** The nearest right name. */
  suggestion?: string;
  /** What of the store it is about, by `definitionKey`; left out when it is about the file. */
  owner?: string;
}

/** What a problem's sentence is made of; at least one of `what` and `expected` is given. */
export interface ProblemParts {
  what?: string;
  expected?: string;
  found?: string;
  suggestion?: string;
  /** What to do about it, added at the end. */
  hint?: string;
}

/** `unknown key, did you mean "strategy"?` · `expected a port from 0 to 65535, found 99999` */
export function sentence(parts: ProblemParts): string {
  const said: string[] = [];
  if (parts.what !== undefined) said.push(parts.what);
  if (parts.expected !== undefined) said.push(`expected ${parts.expected}`);
  if (parts.found !== undefined) said.push(`found ${parts.found}`);
  if (parts.suggestion !== undefined) said.push(`did you mean ${JSON.stringify(parts.suggestion)}?`);
  const text = said.join(', ');
  return parts.hint === undefined ? text : `${text} (${parts.hint})`;
}

/** `headgate.yaml:12:5  models.support.stratgy: unknown key, did you mean "strategy"?` */
export function formatProblem(problem: Problem, file: string | null): string {
  let where = '';
  if (file !== null && problem.line !== null) where = `${file}:${problem.line}:${problem.column ?? 1}  `;
  else if (file !== null && problem.path === '') where = `${file}  `;
  return problem.path === '' ? `${where}${problem.message}` : `${where}${problem.path}: ${problem.message}`;
}

/** One line a problem, in the way compilers print them. */
export function formatProblems(problems: readonly Problem[], file: string | null): string {
  return problems.map((problem) => formatProblem(problem, file)).join('\n');
}

/** Thrown when a configuration cannot be used; carries every problem found, not only the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];
  /** The file as it was named by the operator; null when there is none. */
  readonly file: string | null;

  constructor(problems: readonly Problem[], file: string | null) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    super(`${count} in the configuration\n${formatProblems(problems, file)}`);
    this.problems = problems;
    this.file = file;
  }
}
