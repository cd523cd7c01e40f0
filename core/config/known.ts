import { dataSchema, type JsonSchema } from './json-schema.js';
import type { Path } from './path.js';

/** All the shapes a value may have at one place. */
function shapes(schema: JsonSchema): JsonSchema[] {
  return schema.anyOf === undefined ? [schema] : schema.anyOf.flatMap(shapes);
}

function schemasAt(path: Path, root: JsonSchema = dataSchema()): JsonSchema[] {
  let here = shapes(root);
  for (const part of path) {
    here = here.flatMap((schema) => {
      if (typeof part === 'number') return schema.items === undefined ? [] : shapes(schema.items);
      const named = schema.properties;
      if (named !== undefined && Object.hasOwn(named, part)) return shapes(named[part]!);
      return typeof schema.additionalProperties === 'object' ? shapes(schema.additionalProperties) : [];
    });
  }
  return here;
}

/** Names of the keys that a mapping at `path` may have; empty where they are free. @param root the configuration's when left out */
export function keysAt(path: Path, root?: JsonSchema): string[] {
  return schemasAt(path, root).flatMap((schema) => Object.keys(schema.properties ?? {}));
}

/** The words that may stand at `path`; empty where the value is free. */
export function wordsAt(path: Path): string[] {
  return schemasAt(path)
    .flatMap((schema) => (schema.const === undefined ? (schema.enum ?? []) : [schema.const]))
    .filter((word): word is string => typeof word === 'string');
}
