import {
  type AdapterRefusal,
  type CallFile,
  type JsonObject,
  MalformedBody,
  type Usage,
} from '@headgate/sdk';
import { geminiUsageFrom } from '../../formats/gemini/usage.js';
import { isObject } from '../../formats/shared/read-json.js';
import { objectAt, objectsAt, textAt } from '../shared/reply.js';

/** A file as a part of a prompt. */
export async function inlinePart(file: CallFile): Promise<JsonObject> {
  return { inlineData: { mimeType: file.contentType, data: (await file.bytes()).toString('base64') } };
}

/** Parts of the first candidate of a `generateContent`, or why there is none. */
export function partsOf(answer: JsonObject): readonly JsonObject[] | AdapterRefusal {
  const blocked = textAt(objectAt(answer, 'promptFeedback'), 'blockReason');
  if (blocked !== '') return { refused: { status: 400, message: `the prompt was blocked: ${blocked}` } };
  const [candidate] = objectsAt(answer, 'candidates');
  if (candidate === undefined) throw new MalformedBody('it has no candidate');
  const parts = objectsAt(objectAt(candidate, 'content'), 'parts');
  const reason = textAt(candidate, 'finishReason');
  if (parts.length > 0 || reason === 'STOP') return parts;
  const message = textAt(candidate, 'finishMessage') || `the model stopped without an answer: ${reason}`;
  return { refused: { status: 400, message } };
}

/** Tokens as OpenAI's images and transcripts tell them, and in the hub's terms. */
export function usageOf(answer: JsonObject): { openai: JsonObject; usage: Usage } {
  const raw = objectAt(answer, 'usageMetadata');
  const usage = geminiUsageFrom(raw);
  const { inputTokens, outputTokens, inputAudioTokens } = usage;
  const image = usage.units?.inputImageTokens ?? 0;
  const openai: JsonObject = {
    type: 'tokens',
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    input_token_details: {
      text_tokens: inputTokens - inputAudioTokens - image,
      ...(inputAudioTokens > 0 && { audio_tokens: inputAudioTokens }),
      ...(image > 0 && { image_tokens: image }),
    },
  };
  return { openai, usage };
}

/** Data of the parts that have some, with their types. */
export function inlineIn(parts: readonly JsonObject[]): { base64: string; contentType: string }[] {
  return parts.flatMap((part) => {
    const data = part['inlineData'] ?? part['inline_data'];
    if (!isObject(data)) return [];
    return [
      { base64: textAt(data, 'data'), contentType: textAt(data, 'mimeType') || textAt(data, 'mime_type') },
    ];
  });
}
