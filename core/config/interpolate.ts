import type { Path } from './path.js';
import { pathKey } from './path.js';
import { MAX_DEPTH } from './yaml-nodes.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** A string of the file in which variables were replaced. */
export interface Derived {
  path: Path;
  variables: string[];
  /** As it stands in the file. */
  template: string;
}

export interface Interpolated {
  data: unknown;
  /** By {@link pathKey}. */
  derived: Map<string, Derived>;
  problems: { path: Path; what: string; hint?: string }[];
}

const REFERENCE = /\$(\$)?\{([^}]*)(\})?/g;
const NAME = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

/**
 * A copy of `data` with `${NAME}` and `${NAME:-default}` replaced in every string value; `$${` is a literal `${`.
 * As in a shell, the default also stands in for an empty variable. What comes out is not looked at again.
 *
 * @param only names that may be used; all when left out
 */
export function interpolate(data: unknown, env: Env, only?: ReadonlySet<string>): Interpolated {
  const derived: Interpolated['derived'] = new Map();
  const problems: Interpolated['problems'] = [];
  const open = new Set<object>();

  const text = (source: string, path: Path): string => {
    const variables: string[] = [];
    const result = source.replace(
      REFERENCE,
      (all, escaped: string | undefined, inside: string, closed: string) => {
        if (escaped !== undefined) return all.slice(1);
        const match = closed === undefined ? null : NAME.exec(inside);
        if (match === null) {
          problems.push({
            path,
            // biome-ignore lint/suspicious/noTemplateCurlyInString: the syntax of the file, not of TypeScript
            what: '"${" without a variable name and "}"',
            hint: 'write "$${" for a literal "${"',
          });
          return all;
        }
        const name = match[1]!;
        const fallback = match[2];
        if (only !== undefined && !only.has(name)) {
          problems.push({
            path,
            what: `the store may not name the environment variable ${name}`,
            hint: 'admin.variables of the configuration file lists those that it may',
          });
          return '';
        }
        const value = env[name];
        variables.push(name);
        if (value !== undefined && (value !== '' || fallback === undefined)) return value;
        if (fallback !== undefined) return fallback;
        problems.push({
          path,
          what: `environment variable ${name} is not set`,
          hint: `set it, or write \${${name}:-default}`,
        });
        return '';
      },
    );
    if (variables.length > 0) derived.set(pathKey(path), { path, variables, template: source });
    return result;
  };

  const copy = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return value.includes('${') ? text(value, path) : value;
    if (typeof value !== 'object' || value === null) return value;
    if (open.has(value) || path.length > MAX_DEPTH) {
      problems.push({
        path: path.slice(0, 8),
        what: open.has(value) ? 'contains itself' : 'nested too deeply',
      });
      return null;
    }
    open.add(value);
    let result: unknown;
    if (Array.isArray(value)) result = value.map((item, index) => copy(item, [...path, index]));
    else {
      result = Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, copy(item, [...path, key])]),
      );
    }
    open.delete(value);
    return result;
  };

  return { data: copy(data, []), derived, problems };
}
