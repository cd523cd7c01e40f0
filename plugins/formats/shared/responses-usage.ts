import type { JsonObject, JsonValue, Usage } from '@headgate/sdk';
import { count, isObject } from './read-json.js';
import { addServerTools } from './server-tools.js';
import { serviceTierNamed } from './service-tier.js';
import { usageWithDetails } from './token-details.js';

/** @param tier `service_tier` of the answer, which stands beside its usage */
export function responsesUsageFrom(raw: JsonObject, tier?: JsonValue): Usage {
  const usage = usageWithDetails(raw);
  const input = raw['input_tokens_details'];
  if (isObject(input)) usage.cacheWriteTokens = count(input['cache_write_tokens']);
  usage.serviceTier = serviceTierNamed(tier);
  return usage;
}

/** The usage of an answer, with what else it says of what it used. */
export function answerUsage(raw: JsonObject, answer: JsonObject): Usage {
  const usage = responsesUsageFrom(raw, answer['service_tier']);
  if (Array.isArray(answer['output'])) addServerTools(usage, Buffer.from(JSON.stringify(answer['output'])));
  return usage;
}
