import { z } from 'zod';
import type { JsonSchema } from '../config/json-schema.js';
import { keysAt } from '../config/known.js';
import { nearest } from '../config/nearest.js';
import { formatPath, type Path } from '../config/path.js';
import { wanted } from '../config/wants.js';
import { StoreError } from '../store/control/store-error.js';

/** Checks what was given against a schema. Throws a StoreError that names each place and what is expected there, no value. */
export function checked<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const said = result.error.issues.slice(0, 5).map((issue) => {
    const path = issue.path as Path;
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey(schema, path, key)).join(', ');
    const where = formatPath(path);
    const expected = wanted(issue.message);
    return `${where === '' ? '' : `${where}: `}${expected === undefined ? issue.message : `expected ${expected}`}`;
  });
  throw new StoreError('entity_invalid', [...new Set(said)].join('; '));
}

/** `budgets[0].pre: unknown, did you mean "per"?` */
function unknownKey(schema: z.ZodType, path: Path, key: string): string {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const meant = nearest(key, keysAt(path, root));
  const said = `unknown ${JSON.stringify(formatPath([...path, key]))}`;
  return meant === undefined ? said : `${said}, did you mean ${JSON.stringify(meant)}?`;
}
