import type { CacheMark, JsonObject } from '@headgate/sdk';
import { isObject } from './read-json.js';

/**
 * `cache_control: { type: 'ephemeral', ttl? }`, as Anthropic defines it and OpenRouter and LiteLLM accept it in the
 * OpenAI shape. Undefined for a form the hub does not know, which then stays in `extra`.
 */
export function cacheMarkOf(object: JsonObject): CacheMark | undefined {
  const control = object['cache_control'];
  if (!isObject(control) || control['type'] !== 'ephemeral') return undefined;
  const { ttl } = control;
  if (Object.keys(control).length > (ttl === undefined ? 1 : 2)) return undefined;
  if (ttl === undefined) return {};
  return ttl === '5m' || ttl === '1h' ? { ttl } : undefined;
}

export function cacheControl(mark: CacheMark): JsonObject {
  return mark.ttl === undefined ? { type: 'ephemeral' } : { type: 'ephemeral', ttl: mark.ttl };
}
