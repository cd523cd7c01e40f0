import type { ReasoningPart } from '@headgate/sdk';
import { fromGeminiSignature, toGeminiSignature } from '../shared/gemini-signature.js';
import { SIGNATURE_FORMAT } from './types.js';

/**
 * Signatures of other providers, shown to a client of this API in `thoughtSignature`. That field is base64, which some
 * SDKs check, and says nothing about its origin; so what comes from elsewhere is wrapped with twelve bytes that say so.
 */
const WRAPPED_SIGNATURE = Buffer.from('headgate:sig').toString('base64');
const WRAPPED_ENCRYPTED = Buffer.from('headgate:enc').toString('base64');

function unwrap(raw: string, prefix: string): string | undefined {
  return raw.startsWith(prefix)
    ? Buffer.from(raw.slice(prefix.length), 'base64').toString('utf8')
    : undefined;
}

export function wrapSignature(signature: string): string {
  return WRAPPED_SIGNATURE + Buffer.from(signature).toString('base64');
}

export function wrapEncrypted(encrypted: string): string {
  return WRAPPED_ENCRYPTED + Buffer.from(encrypted).toString('base64');
}

/**
 * What a `thoughtSignature` is in the hub. One of Gemini's own on a part that is no thought has no text to sign; it is
 * `encrypted` then, so that every format keeps it.
 */
function hubSignature(raw: string, thought: boolean): { signature?: string; encrypted?: string } {
  const signature = unwrap(raw, WRAPPED_SIGNATURE);
  if (signature !== undefined) return { signature };
  const encrypted = unwrap(raw, WRAPPED_ENCRYPTED);
  if (encrypted !== undefined) return { encrypted };
  return thought ? { signature: toGeminiSignature(raw) } : { encrypted: toGeminiSignature(raw) };
}

/** A reasoning part of the hub with what a `thoughtSignature` says. */
export function signedPart(raw: string, text: string, thought: boolean): ReasoningPart {
  const said = hubSignature(raw, thought);
  const part: ReasoningPart = { type: 'reasoning', text, ...said };
  if (fromGeminiSignature(said.signature ?? said.encrypted) !== undefined)
    part.extra = { format: SIGNATURE_FORMAT };
  return part;
}

/** Gemini's own signature, if that is what the part holds: by its prefix, or as OpenRouter marks it. */
export function rawSignature(part: ReasoningPart): string | undefined {
  const held = part.encrypted ?? part.signature;
  const raw = fromGeminiSignature(held);
  if (raw !== undefined) return raw;
  const format = part.extra?.['format'];
  return typeof format === 'string' && format.startsWith('google-gemini') ? held : undefined;
}
