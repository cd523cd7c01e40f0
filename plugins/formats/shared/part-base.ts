import type { JsonObject, Part } from '@headgate/sdk';
import { cacheMarkOf } from './cache-mark.js';
import { extraOf } from './read-json.js';

/**
 * Fills the members every part has, the cache mark and the unknown fields of its JSON, and returns the part. `known`
 * must not name `cache_control`.
 */
export function withBase<P extends Part>(part: P, json: JsonObject, known: ReadonlySet<string>): P {
  const cache = cacheMarkOf(json);
  if (cache !== undefined) part.cache = cache;
  const extra = extraOf(json, known);
  if (extra === undefined) return part;
  if (cache !== undefined) delete extra['cache_control'];
  if (Object.keys(extra).length > 0) part.extra = extra;
  return part;
}
