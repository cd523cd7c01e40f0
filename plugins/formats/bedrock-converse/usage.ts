import type { JsonObject, JsonValue, Usage } from '@headgate/sdk';
import { emptyUsage } from '@headgate/sdk';
import { count, isObject } from '../shared/read-json.js';
import { serviceTierNamed } from '../shared/service-tier.js';

export function hasBedrockCounts(raw: JsonObject): boolean {
  return typeof raw['inputTokens'] === 'number' || typeof raw['outputTokens'] === 'number';
}

/** Tokens written to the cache with the one-hour lifetime, of `cacheDetails: [{ ttl, inputTokens }]`. */
function longWrites(details: JsonValue | undefined): number {
  let long = 0;
  if (Array.isArray(details))
    for (const one of details) if (isObject(one) && one['ttl'] === '1h') long += count(one['inputTokens']);
  return long;
}

/**
 * AWS reports the parts of the input apart; the hub's total includes them all.
 *
 * @param tier `serviceTier` of the answer, which stands beside its usage: `{ type }`
 */
export function bedrockUsageFrom(raw: JsonObject, tier?: JsonValue): Usage {
  const usage = emptyUsage();
  const written = count(raw['cacheWriteInputTokens']);
  usage.cacheReadTokens = count(raw['cacheReadInputTokens']);
  usage.cacheWriteLongTokens = Math.min(written, longWrites(raw['cacheDetails']));
  usage.cacheWriteTokens = written - usage.cacheWriteLongTokens;
  usage.inputTokens = count(raw['inputTokens']) + usage.cacheReadTokens + written;
  usage.outputTokens = count(raw['outputTokens']);
  if (isObject(tier)) usage.serviceTier = serviceTierNamed(tier['type']);
  return usage;
}

/**
 * The hub's usage as AWS writes it. `raw` is what an answer of this format said: members that the hub does not count
 * are kept, and no member is added that it did without.
 */
export function bedrockUsage(usage: Usage, raw: JsonValue | undefined): JsonObject {
  const written = usage.cacheWriteTokens + usage.cacheWriteLongTokens;
  const json: JsonObject = {
    ...(isObject(raw) ? raw : {}),
    inputTokens: Math.max(0, usage.inputTokens - usage.cacheReadTokens - written),
    outputTokens: usage.outputTokens,
    totalTokens: usage.inputTokens + usage.outputTokens,
  };
  if (isObject(raw)) return json;
  if (usage.cacheReadTokens > 0 || written > 0) {
    json['cacheReadInputTokens'] = usage.cacheReadTokens;
    json['cacheWriteInputTokens'] = written;
  }
  if (usage.cacheWriteLongTokens > 0) {
    const details: JsonObject[] = [{ ttl: '1h', inputTokens: usage.cacheWriteLongTokens }];
    if (usage.cacheWriteTokens > 0) details.push({ ttl: '5m', inputTokens: usage.cacheWriteTokens });
    json['cacheDetails'] = details;
  }
  return json;
}

const COUNTED = new Set(['inputTokens', 'outputTokens', 'totalTokens']);

/** What of a usage must be remembered to write it again as it came; undefined when the three counts are all it has. */
export function usageExtra(raw: JsonObject): JsonObject | undefined {
  return Object.keys(raw).some((key) => !COUNTED.has(key)) ? raw : undefined;
}
