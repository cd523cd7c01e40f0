import { addUnits, type JsonObject, type JsonValue, type Usage } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';

/** What candidates say of that; only one of them is ever grounded. */
export function groundingOf(candidates: readonly JsonValue[]): JsonObject | undefined {
  for (const candidate of candidates) {
    const found = isObject(candidate) ? candidate['groundingMetadata'] : undefined;
    if (isObject(found)) return found;
  }
  return undefined;
}

/**
 * Counts what an answer was grounded on, https://ai.google.dev/api/generate-content#GroundingMetadata: the queries that
 * were sent to the search; one look-up of maps, when any passage comes from there.
 */
export function addSearches(usage: Usage, grounding: JsonObject | undefined): void {
  if (grounding === undefined) return;
  const { webSearchQueries: queries, groundingChunks: chunks } = grounding;
  if (Array.isArray(queries)) addUnits(usage, 'webSearches', queries.filter((query) => query !== '').length);
  if (Array.isArray(chunks) && chunks.some((chunk) => isObject(chunk) && isObject(chunk['maps'])))
    addUnits(usage, 'mapSearches', 1);
}
