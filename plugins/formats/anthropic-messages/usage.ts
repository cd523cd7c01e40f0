import type { JsonObject, JsonValue, Usage } from '@headgate/sdk';
import { addUnits, emptyUsage } from '@headgate/sdk';
import { count, isObject } from '../shared/read-json.js';
import { serviceTierNamed } from '../shared/service-tier.js';

/** Members of `usage` that the hub counts; the others (`server_tool_use`, …) are kept as they came. */
export const USAGE_KEYS: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'cache_creation',
  'output_tokens_details',
]);

/** Anthropic's counts as they come, in pieces: `message_start` tells the input, `message_delta` the output. */
export interface UsageCounts {
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  cacheWriteLong: number;
  reasoning: number;
  webSearches: number;
  serviceTier: Usage['serviceTier'];
  /** `fast`; '' for the usual one. */
  speed: string;
  /** `us`; '' where it does not matter for the price. */
  geo: string;
}

export function noCounts(): UsageCounts {
  return {
    input: 0,
    output: 0,
    cacheRead: 0,
    cacheWrite: 0,
    cacheWriteLong: 0,
    reasoning: 0,
    webSearches: 0,
    serviceTier: undefined,
    speed: '',
    geo: '',
  };
}

export function hasAnthropicCounts(raw: JsonObject): boolean {
  return typeof raw['input_tokens'] === 'number' || typeof raw['output_tokens'] === 'number';
}

function take(value: JsonValue | undefined, before: number): number {
  return typeof value === 'number' ? count(value) : before;
}

/** Counts are cumulative: a later piece replaces what it names and leaves the rest. */
export function addCounts(counts: UsageCounts, raw: JsonObject): void {
  counts.input = take(raw['input_tokens'], counts.input);
  counts.output = take(raw['output_tokens'], counts.output);
  counts.cacheRead = take(raw['cache_read_input_tokens'], counts.cacheRead);
  const details = raw['output_tokens_details'];
  if (isObject(details)) counts.reasoning = take(details['thinking_tokens'], counts.reasoning);
  const tools = raw['server_tool_use'];
  if (isObject(tools)) counts.webSearches = take(tools['web_search_requests'], counts.webSearches);
  counts.serviceTier = serviceTierNamed(raw['service_tier']) ?? counts.serviceTier;
  counts.speed = dearer(raw['speed'], 'standard') ?? counts.speed;
  counts.geo = dearer(raw['inference_geo'], 'global') ?? counts.geo;
  const written = raw['cache_creation_input_tokens'];
  const split = raw['cache_creation'];
  if (isObject(split)) {
    counts.cacheWriteLong = take(split['ephemeral_1h_input_tokens'], counts.cacheWriteLong);
    counts.cacheWrite = take(split['ephemeral_5m_input_tokens'], counts.cacheWrite);
  }
  // The sum stands without its split in `message_delta`, and with servers that know one lifetime only.
  if (typeof written === 'number') counts.cacheWrite = Math.max(0, count(written) - counts.cacheWriteLong);
}

/** Anthropic reports the parts of the input apart; the hub's total includes them all. */
export function usageOfCounts(counts: UsageCounts): Usage {
  const usage = emptyUsage();
  usage.inputTokens = counts.input + counts.cacheRead + counts.cacheWrite + counts.cacheWriteLong;
  usage.outputTokens = counts.output;
  usage.cacheReadTokens = counts.cacheRead;
  usage.cacheWriteTokens = counts.cacheWrite;
  usage.cacheWriteLongTokens = counts.cacheWriteLong;
  usage.reasoningTokens = counts.reasoning;
  usage.serviceTier = counts.serviceTier;
  addUnits(usage, 'webSearches', counts.webSearches);
  const variant = variantOf(counts.speed, counts.geo);
  if (variant !== undefined) usage.units = { ...usage.units, variant };
  return usage;
}

/** Undefined when it is not said, '' when it is the usual one. */
function dearer(value: JsonValue | undefined, usual: string): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value === usual || value === 'not_available' ? '' : value;
}

/**
 * Which price holds: https://docs.anthropic.com/en/build-with-claude/fast-mode (`speed: "fast"`) and …/data-residency
 * (`inference_geo: "us"`). Undefined for the usual one.
 */
export function variantOf(speed: string, geo: string): string | undefined {
  const words = [speed, geo].filter((word) => word !== '');
  return words.length === 0 ? undefined : words.join('/');
}

export function anthropicUsageFrom(raw: JsonObject): Usage {
  const counts = noCounts();
  addCounts(counts, raw);
  return usageOfCounts(counts);
}

/** The hub's usage as Anthropic writes it. */
export function anthropicUsage(usage: Usage): JsonObject {
  const written = usage.cacheWriteTokens + usage.cacheWriteLongTokens;
  const json: JsonObject = {
    input_tokens: Math.max(0, usage.inputTokens - usage.cacheReadTokens - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: usage.cacheReadTokens,
    output_tokens: usage.outputTokens,
  };
  if (written > 0)
    json['cache_creation'] = {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWriteLongTokens,
    };
  if (usage.reasoningTokens > 0) json['output_tokens_details'] = { thinking_tokens: usage.reasoningTokens };
  return json;
}
