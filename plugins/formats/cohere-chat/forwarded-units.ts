import type { ForwardedCall, JsonObject, UsageUnits } from '@headgate/sdk';
import { topLevelObject } from '../shared/json-bytes.js';
import { count, isObject } from '../shared/read-json.js';

const META = Buffer.from('"meta"');

/** `meta.billed_units` of `POST /v2/rerank`, https://docs.cohere.com/reference/rerank */
export function forwardedUnits({ method, path, answer }: ForwardedCall): UsageUnits | null {
  if (method !== 'POST' || answer === null || !/^rerank(\?|$)/.test(path)) return null;
  const billed = (topLevelObject(answer, META) as JsonObject | undefined)?.['billed_units'];
  const searchUnits = isObject(billed) ? count(billed['search_units']) : 0;
  return searchUnits === 0 ? null : { searchUnits };
}
