import type { z } from 'zod';
import { formatPath, type Path } from '../config/path.js';
import { wanted } from '../config/wants.js';
import { StoreError } from '../store/control/store-error.js';

/** Checks what was given against a schema. Throws a StoreError that names each place and what is expected there, no value. */
export function checked<T>(schema: z.ZodType<T>, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const said = result.error.issues.slice(0, 5).map((issue) => {
    if (issue.code === 'unrecognized_keys')
      return `unknown ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    const where = formatPath(issue.path as Path);
    const expected = wanted(issue.message);
    return `${where === '' ? '' : `${where}: `}${expected === undefined ? issue.message : `expected ${expected}`}`;
  });
  throw new StoreError('entity_invalid', [...new Set(said)].join('; '));
}
