import type { JsonObject, Part, ToolCallPart } from '@headgate/sdk';
import { optList, spelled } from '../shared/google-spelling.js';
import {
  extraOf,
  join,
  needObject,
  needString,
  objectAt,
  optBoolean,
  optObject,
  optString,
} from '../shared/read-json.js';
import { decodeFunctionResponse } from './function-response.js';
import { decodeMedia } from './media.js';
import { signedPart } from './signature.js';
import { GEMINI } from './types.js';

export const PART_KEYS: ReadonlySet<string> = new Set([
  'text',
  'thought',
  'thoughtSignature',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
  'videoMetadata',
  'mediaResolution',
  'partMetadata',
  'audioTranscription',
  'mediaProcessing',
  'speechMetadata',
]);
/** Members that a part of the hub says itself. */
export const SAID: ReadonlySet<string> = new Set([
  'text',
  'thought',
  'thoughtSignature',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
]);
const CALL_KEYS = new Set(['id', 'name', 'args', 'partialArgs', 'willContinue']);
const CALL_SAID = new Set(['id', 'name', 'args']);

/** Gives ids to calls and results that have none, and finds the call of a result. */
export interface Ids {
  call(id: string | undefined, name: string): string;
  result(id: string | undefined, name: string): string;
}

/** `idMade`: the wire has no id for this call, so none is written back. */
function decodeFunctionCall(json: JsonObject, path: string, ids: Ids): ToolCallPart {
  const at = join(path, 'functionCall');
  const call = spelled(needObject(json, 'functionCall', path), CALL_KEYS);
  const name = needString(call, 'name', at);
  const given = optString(call, 'id', at) || undefined;
  const args = optObject(call, 'args', at);
  const part: ToolCallPart = {
    type: 'tool-call',
    id: ids.call(given, name),
    name,
    arguments: JSON.stringify(args ?? {}),
  };
  const extra: JsonObject = given === undefined ? { idMade: true } : {};
  const inner = extraOf(call, CALL_SAID);
  if (inner !== undefined) extra['functionCall'] = inner;
  if (Object.keys(extra).length > 0) part.extra = extra;
  return part;
}

function known(part: JsonObject, path: string, ids: Ids): Part | undefined {
  if (part['functionCall'] != null) return decodeFunctionCall(part, path, ids);
  if (part['functionResponse'] != null) return decodeFunctionResponse(part, path, ids);
  const text = optString(part, 'text', path);
  if (text !== undefined) return { type: 'text', text };
  return part['inlineData'] != null || part['fileData'] != null ? decodeMedia(part, path) : undefined;
}

/**
 * One part of a `Content`. A signature on a part that is no thought becomes a part of its own before it: reasoning that
 * only Gemini can read, which every format of the hub keeps. A part the hub has no name for stays whole.
 */
export function decodePart(json: JsonObject, path: string, ids: Ids, into: Part[]): void {
  const part = spelled(json, PART_KEYS);
  const signature = optString(part, 'thoughtSignature', path) || undefined;
  const extra = extraOf(part, SAID);
  if (optBoolean(part, 'thought', path) === true) {
    const text = optString(part, 'text', path);
    if (text === undefined) {
      into.push({ type: 'opaque', format: GEMINI, value: part });
      return;
    }
    const thought: Part =
      signature === undefined ? { type: 'reasoning', text } : signedPart(signature, text, true);
    if (extra !== undefined) thought.extra = { ...thought.extra, ...extra };
    into.push(thought);
    return;
  }
  const said = known(part, path, ids);
  const empty =
    said === undefined ? Object.keys(part).length === 1 : said.type === 'text' && said.text === '';
  if (signature !== undefined && empty) {
    // The end of a stream: a signature with an empty text, which belongs to no other part.
    const { thoughtSignature: _, ...own } = part;
    const bare = signedPart(signature, '', false);
    bare.extra = { ...bare.extra, own };
    into.push(bare);
    return;
  }
  if (said === undefined) {
    into.push({ type: 'opaque', format: GEMINI, value: part });
    return;
  }
  if (signature !== undefined) into.push(signedPart(signature, '', false));
  if (extra !== undefined) said.extra = { ...said.extra, ...extra };
  into.push(said);
}

export function decodeParts(content: JsonObject, path: string, ids: Ids): Part[] {
  const parts = optList(content, 'parts', path) ?? [];
  const at = join(path, 'parts');
  const into: Part[] = [];
  parts.forEach((_, i) => {
    decodePart(objectAt(parts, i, at), `${at}[${i}]`, ids, into);
  });
  return into;
}
