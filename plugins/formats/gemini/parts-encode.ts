import type { JsonObject, Part, ReasoningPart, ToolCallPart } from '@headgate/sdk';
import { isObject } from '../shared/read-json.js';
import { argumentsObject } from '../shared/tool-arguments.js';
import { kindInWords } from '../shared/value-in-words.js';
import { encodeFunctionResponse, type ResultContext } from './function-response.js';
import { encodeMedia } from './media.js';
import { rawSignature, wrapEncrypted, wrapSignature } from './signature.js';
import { GEMINI, SIGNATURE_FORMAT } from './types.js';

/** What an encoder of parts must know. */
export interface PartContext extends ResultContext {
  /** For a client that reads an answer: whose signature it is does not matter, it only keeps it. */
  answer: boolean;
}

/** Members of `extra` that are no members of the wire's part. */
const INNER = new Set([
  'idMade',
  'own',
  'format',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'form',
]);

function outer(part: Part, same: boolean): JsonObject {
  const json: JsonObject = {};
  if (!same || part.extra === undefined) return json;
  for (const key of Object.keys(part.extra))
    if (!INNER.has(key) || (key === 'format' && part.extra[key] !== SIGNATURE_FORMAT))
      json[key] = part.extra[key];
  return json;
}

/** A call, of a request's history or of an answer. Clients need the id that other formats give; Google made none up. */
export function encodeFunctionCall(
  part: ToolCallPart,
  context: { same: boolean; answer: boolean },
): JsonObject {
  const { same } = context;
  const call: JsonObject =
    same && isObject(part.extra?.['functionCall']) ? { ...part.extra['functionCall'] } : {};
  if (same ? part.extra?.['idMade'] !== true : context.answer) call['id'] = part.id;
  call['name'] = part.name;
  call['args'] = argumentsObject(part.arguments);
  return { functionCall: call };
}

/** Google's own OpenAI-compatible API hangs the signature on the call itself. */
function compatSignature(part: Part): string | undefined {
  const content = part.extra?.['extra_content'];
  const google = isObject(content) ? content['google'] : undefined;
  const signature = isObject(google) ? google['thought_signature'] : undefined;
  return typeof signature === 'string' ? signature : undefined;
}

/** A thought, with its text. A signature that no one but its maker takes is only shown to clients. */
function thought(part: ReasoningPart, context: PartContext): JsonObject | undefined {
  const { signature, encrypted } = part;
  const json: JsonObject = { ...outer(part, context.same), text: part.text, thought: true };
  const raw = rawSignature(part);
  if (raw !== undefined) json['thoughtSignature'] = raw;
  else if (signature !== undefined || encrypted !== undefined) {
    if (!context.answer) {
      context.warn('reasoning', 'reasoning signed by another provider cannot be sent back in this format');
      return undefined;
    }
    json['thoughtSignature'] =
      encrypted === undefined ? wrapSignature(signature as string) : wrapEncrypted(encrypted);
  } else if (part.text === '' && !context.same) return undefined;
  return json;
}

function encodePart(part: Part, context: PartContext, after: JsonObject[]): JsonObject | undefined {
  const { same, warn } = context;
  switch (part.type) {
    case 'text':
    case 'refusal':
      // Vertex AI refuses empty texts.
      return part.text === '' && !same ? undefined : { text: part.text };
    case 'image':
    case 'audio':
    case 'document':
      return encodeMedia(part, context);
    case 'reasoning':
      return thought(part, context);
    case 'tool-call':
      return encodeFunctionCall(part, context);
    case 'tool-result':
      return encodeFunctionResponse(part, context, after);
    case 'opaque':
      if (part.format === GEMINI) return part.value;
      warn('content', `a part of type '${kindInWords(part.value)}' is only known to ${part.format}`);
      return undefined;
  }
}

/** The signature of a part that follows, if that is all this one holds. */
function forNext(part: Part, same: boolean): string | undefined {
  if (part.type !== 'reasoning' || part.encrypted === undefined || part.text !== '') return undefined;
  return same && part.extra?.['own'] !== undefined ? undefined : rawSignature(part);
}

function bareSignature(part: Part, same: boolean): JsonObject | undefined {
  if (!same || part.type !== 'reasoning' || !isObject(part.extra?.['own'])) return undefined;
  const raw = rawSignature(part);
  return raw === undefined ? undefined : { ...part.extra['own'], thoughtSignature: raw };
}

/**
 * Parts of one `Content`. Signatures go back to the part they came with: the next one, or the next function call where
 * the parts went through another format, which may have put reasoning first. `after` gets what is sent beside results.
 */
export function encodeParts(parts: Part[], context: PartContext, after: JsonObject[]): JsonObject[] {
  const { same } = context;
  const out: JsonObject[] = [];
  const pending: string[] = [];
  let calls = 0;
  if (!same) for (const part of parts) if (part.type === 'tool-call') calls++;
  for (const part of parts) {
    const signature = forNext(part, same);
    if (signature !== undefined) {
      pending.push(signature);
      continue;
    }
    const call = part.type === 'tool-call';
    if (call) calls--;
    const json = bareSignature(part, same) ?? encodePart(part, context, after);
    if (json === undefined) continue;
    out.push(part.type === 'opaque' || part.type === 'reasoning' ? json : { ...json, ...outer(part, same) });
    const written = out.at(-1) as JsonObject;
    if (part.type === 'opaque' || part.type === 'reasoning') continue;
    if (pending.length > 0 && (same || call || calls <= 0)) written['thoughtSignature'] = pending.shift();
    else if (call) {
      const compat = compatSignature(part);
      if (compat !== undefined) written['thoughtSignature'] = compat;
    }
  }
  for (const thoughtSignature of pending) out.push({ text: '', thoughtSignature });
  return out;
}
