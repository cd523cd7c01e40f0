import type { DefinitionKind } from '../../config/definitions.js';
import { valueAt } from '../../config/explain.js';
import type { Path } from '../../config/path.js';
import { type Fields, hintOf, put, secretPlaces } from '../definitions/secret-places.js';

/** A variable that stands for a secret in an export. */
export interface Placeholder {
  readonly name: string;
  /** Below the definition. */
  readonly path: Path;
  /** How the secret is shown. */
  readonly hint: string;
}

/** Names variables in place of secrets, each name once. */
export class Placeholders {
  private readonly used = new Set<string>();

  /** The definition with `${NAME}` where its secrets are. @param spec with secrets, or with what is shown for them */
  replace(kind: DefinitionKind, id: string, spec: Fields): { fields: Fields; secrets: Placeholder[] } {
    const fields = structuredClone(spec) as Fields;
    const secrets = secretPlaces(kind, fields).map((path) => {
      const said = String(valueAt(fields, path));
      const name = this.unused(nameFor(id, path));
      put(fields, path, `\${${name}}`);
      return { name, path, hint: /^(.{3}….{4}|\*\*\*)$/.test(said) ? said : hintOf(said) };
    });
    return { fields, secrets };
  }

  private unused(wanted: string): string {
    let name = wanted;
    for (let count = 2; this.used.has(name); count++) name = `${wanted}_${count}`;
    this.used.add(name);
    return name;
  }
}

/** `OPENAI_API_KEY`, as the built-in providers have it. */
function nameFor(id: string, [first, ...rest]: Path): string {
  const words = first === 'keys' ? [id, 'API_KEY'] : [id, ...rest.filter((part) => typeof part === 'string')];
  const name = words
    .join('_')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .toUpperCase();
  return /^[A-Z_]/.test(name) ? name : `_${name}`;
}
