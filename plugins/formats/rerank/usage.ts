import { addUnits, emptyUsage, type JsonObject, type JsonValue, type Meter, type Usage } from '@headgate/sdk';
import { topLevelObject } from '../shared/json-bytes.js';
import { openaiMeter } from '../shared/openai-meter.js';
import * as read from '../shared/read-json.js';

/** What an answer says of its cost: tokens (Jina, Voyage, vLLM), or Cohere's search units. */
export interface RerankCounts {
  usage: Usage | null;
  searchUnits?: number;
}

export function countsFrom(rawUsage: JsonValue | undefined, rawMeta: JsonValue | undefined): RerankCounts {
  const usage = read.isObject(rawUsage) ? rawUsage : {};
  const meta = read.isObject(rawMeta) ? rawMeta : {};
  const billed = read.isObject(meta['billed_units']) ? meta['billed_units'] : {};
  const spent = read.isObject(meta['tokens']) ? meta['tokens'] : {};
  const tokens =
    usage['total_tokens'] ?? usage['prompt_tokens'] ?? billed['total_tokens'] ?? spent['input_tokens'];
  const counts: RerankCounts = {
    usage: typeof tokens === 'number' ? { ...emptyUsage(), inputTokens: read.count(tokens) } : null,
  };
  const units = billed['search_units'];
  if (typeof units === 'number') {
    counts.searchUnits = units;
    counts.usage ??= emptyUsage();
    addUnits(counts.usage, 'searchUnits', units);
  }
  return counts;
}

const USAGE = Buffer.from('"usage"');
const META = Buffer.from('"meta"');

/** Answers of this kind are never streamed. */
export const rerankMeter: Meter = {
  body: (body) => countsFrom(member(body, USAGE), member(body, META)).usage,
  stream: openaiMeter.stream,
};

function member(body: Buffer, key: Buffer): JsonObject | undefined {
  return topLevelObject(body, key) as JsonObject | undefined;
}
