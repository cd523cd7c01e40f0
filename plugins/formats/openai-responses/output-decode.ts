import type { JsonObject, JsonValue, Part } from '@headgate/sdk';
import { objectAt } from '../shared/read-json.js';
import { assistantParts, decodeCall } from './items-decode.js';
import { takeLogprobs } from './logprobs.js';
import { decodeReasoning } from './reasoning.js';
import { mark, marksOf, OPENAI_RESPONSES } from './types.js';

/** What follows from an answer itself: the encoder writes it again. */
const DERIVED = ['type', 'role', 'content', 'status'];

/** The members of an item of an answer that nothing else tells. Its status follows from the answer's own. */
export function itemRest(item: JsonObject): JsonObject {
  const rest = { ...item };
  for (const key of DERIVED) delete rest[key];
  return rest;
}

function tidy(part: Part): void {
  const { item } = marksOf(part);
  if (item !== undefined) mark(part, 'item', itemRest(item));
  if (part.type === 'text' && part.citations?.length === 0) delete part.citations;
}

/** The parts of one item of an answer. `logprobs` collects those of its texts. */
export function decodeOutputItem(json: JsonObject, path: string, logprobs: JsonValue[]): Part[] {
  switch (json['type']) {
    case 'reasoning':
      return decodeReasoning(json);
    case 'function_call':
    case 'custom_tool_call': {
      const call = decodeCall(json, path);
      tidy(call);
      return [call];
    }
    case 'message': {
      const parts = assistantParts(json, path);
      for (const part of parts) {
        tidy(part);
        const entries = takeLogprobs(part);
        if (entries !== undefined) logprobs.push(...entries);
      }
      return parts;
    }
  }
  return [{ type: 'opaque', format: OPENAI_RESPONSES, value: json }];
}

export function decodeOutput(output: JsonValue[], logprobs: JsonValue[]): Part[] {
  return output.flatMap((_, i) => decodeOutputItem(objectAt(output, i, 'output'), `output[${i}]`, logprobs));
}
