import type { CacheMark, JsonObject, JsonValue, Part } from '@headgate/sdk';
import { isObject, objectAt } from '../shared/read-json.js';

/**
 * The mark that a `{ cachePoint: { type: 'default', ttl? } }` block stands for; undefined for any other block and for a
 * form the hub does not know.
 */
export function cachePointOf(block: JsonValue | undefined): CacheMark | undefined {
  if (!isObject(block) || Object.keys(block).length !== 1) return undefined;
  const point = block['cachePoint'];
  if (!isObject(point) || point['type'] !== 'default') return undefined;
  const { ttl } = point;
  if (Object.keys(point).length > (ttl === undefined ? 1 : 2)) return undefined;
  if (ttl === undefined) return {};
  return ttl === '5m' || ttl === '1h' ? { ttl } : undefined;
}

export function cachePoint(mark: CacheMark): JsonObject {
  return {
    cachePoint: mark.ttl === undefined ? { type: 'default' } : { type: 'default', ttl: mark.ttl },
  };
}

/** Blocks as parts. A cache point is a block of its own here, and a mark of the part before it in the hub. */
export function partsOf(
  blocks: JsonValue[],
  path: string,
  decode: (block: JsonObject, path: string) => Part,
): Part[] {
  const parts: Part[] = [];
  blocks.forEach((block, i) => {
    const mark = cachePointOf(block);
    const before = parts.at(-1);
    if (mark !== undefined && before !== undefined && before.cache === undefined) before.cache = mark;
    else parts.push(decode(objectAt(blocks, i, path), `${path}[${i}]`));
  });
  return parts;
}
