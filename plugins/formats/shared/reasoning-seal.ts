import type { ReasoningPart, Warn } from '@headgate/sdk';
import { tryParse } from './parse-json.js';
import { isObject } from './read-json.js';

/**
 * Reasoning that only its provider can read travels through formats that have one opaque field for it. Two seals keep
 * it recognisable there, so that it finds its way back to who made it and is never sent to another provider.
 *
 *     openai//<base64 of item id, line feed, encrypted_content>   an item of a Responses API, in the hub and other formats
 *     hg1:{"signature":…,"encrypted":…,"format":…}                another provider's reasoning, as `encrypted_content`
 *
 * The first is base64 as a whole, since some APIs carry such data as bytes.
 */

const RESPONSES = 'openai//';
const FOREIGN = 'hg1:';

/** What OpenRouter calls reasoning of this API; codecs that look at a part's `format` know it as foreign by it. */
export const RESPONSES_REASONING = 'openai-responses-v1';

export function sealResponses(itemId: string, content: string): string {
  return RESPONSES + Buffer.from(`${itemId}\n${content}`).toString('base64');
}

/** The item id and `encrypted_content` behind {@link sealResponses}; undefined for anything else. */
export function openResponses(encrypted: string): { id: string; content: string } | undefined {
  if (!encrypted.startsWith(RESPONSES)) return undefined;
  const text = Buffer.from(encrypted.slice(RESPONSES.length), 'base64').toString('utf8');
  const line = text.indexOf('\n');
  return line === -1 ? undefined : { id: text.slice(0, line), content: text.slice(line + 1) };
}

/** Tells what a provider that signs and encrypts nothing is not sent of a thought. */
export function warnOfSeal({ encrypted, signature }: ReasoningPart, warn: Warn): void {
  if (encrypted !== undefined)
    warn('reasoning', 'reasoning encrypted by another provider cannot be sent in this format');
  else if (signature !== undefined)
    warn('reasoning', 'reasoning signed by another provider is sent without its signature in this format');
}

/** Reasoning of a provider that does not speak the Responses API. */
export interface ForeignReasoning {
  signature?: string;
  encrypted?: string;
  /** The format that the provider's reasoning was marked with, as OpenRouter names it. */
  format?: string;
}

export function sealForeign(reasoning: ForeignReasoning): string {
  return FOREIGN + JSON.stringify(reasoning);
}

/** What {@link sealForeign} kept; undefined for anything else. */
export function openForeign(content: string): ForeignReasoning | undefined {
  if (!content.startsWith(FOREIGN)) return undefined;
  const value = tryParse(content.slice(FOREIGN.length));
  if (!isObject(value)) return undefined;
  const reasoning: ForeignReasoning = {};
  for (const key of ['signature', 'encrypted', 'format'] as const)
    if (typeof value[key] === 'string') reasoning[key] = value[key];
  return reasoning.signature === undefined && reasoning.encrypted === undefined ? undefined : reasoning;
}
