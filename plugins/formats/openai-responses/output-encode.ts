import type { Choice, ImagePart, JsonObject, Part } from '@headgate/sdk';
import { encodePart, type ItemContext } from './content-encode.js';
import type { ItemIds } from './ids.js';
import { callItem } from './items-encode.js';
import { entriesOf, LogprobShare } from './logprobs.js';
import { type Group, groupParts } from './parts-group.js';
import { reasoningItem, saysSomething } from './reasoning.js';
import { marksOf, OPENAI_RESPONSES } from './types.js';

/** Nothing is warned about in answers: what this format cannot say is left out. */
const silent = (): void => {};

export interface OutputContext {
  same: boolean;
  ids: ItemIds;
}

/** An answer's picture, as the tool of this API that makes pictures gives it. A picture by its URL has no place. */
export function imageItem(part: ImagePart, id: string): JsonObject | undefined {
  if (part.source.kind !== 'base64') return undefined;
  return { id, type: 'image_generation_call', status: 'completed', result: part.source.data };
}

/** A text or refusal of an answer, with the members that every SDK expects. */
export function contentPart(
  part: Part,
  context: OutputContext,
  logprobs: JsonObject[],
): JsonObject | undefined {
  const items: ItemContext = { same: context.same, custom: true, warn: silent };
  const { cache: _, ...plain } = part;
  const json = encodePart(plain, 'output_text', items);
  if (json === undefined || part.type !== 'text') return json;
  return { ...json, annotations: json['annotations'] ?? [], logprobs };
}

function itemOf(
  group: Group,
  index: number,
  status: string,
  context: OutputContext,
  logprobs: LogprobShare,
): JsonObject | undefined {
  const { same, ids } = context;
  switch (group.kind) {
    case 'opaque':
      return group.part.format === OPENAI_RESPONSES ? group.part.value : undefined;
    case 'call': {
      const json = callItem(group.part, same, true);
      const prefix = json['type'] === 'custom_tool_call' ? 'ctc' : 'fc';
      // Ids of calls come back in the next request, where they must be found again.
      json['call_id'] = group.part.id;
      const members = same ? marksOf(group.part).item : undefined;
      return { id: ids.of(prefix, index), ...members, ...json, status };
    }
    case 'reasoning': {
      const first = group.parts[0];
      const members = same && first !== undefined ? marksOf(first).item : undefined;
      return reasoningItem(same ? group.parts : group.parts.filter(saysSomething).map(unmarked), {
        id: ids.of('rs', index),
        ...members,
      });
    }
    case 'message': {
      const content: JsonObject[] = [];
      for (const part of group.parts) {
        const entries = part.type === 'text' ? logprobs.take(part.text) : [];
        const json = contentPart(part, context, entries);
        if (json !== undefined) content.push(json);
      }
      if (content.length === 0) return undefined;
      const first = group.parts[0];
      const members = same && first !== undefined ? marksOf(first).item : undefined;
      return { id: ids.of('msg', index), ...members, type: 'message', status, role: 'assistant', content };
    }
  }
}

/** Marks are this format's; of another one only the name of who made encrypted reasoning means the same. */
export function unmarked<P extends Part>(part: P): P {
  const { extra, ...plain } = part;
  const format = extra?.['format'];
  return (typeof format === 'string' ? { ...plain, extra: { format } } : plain) as P;
}

/** Parts that are no item of another format's answer become one here, or nothing. */
function itemised(part: Part, index: number, context: OutputContext): Part[] {
  if (context.same || part.type !== 'image') return [part];
  const value = imageItem(part, context.ids.of('ig', index));
  return value === undefined ? [] : [{ type: 'opaque', format: OPENAI_RESPONSES, value }];
}

/** The items of an answer. `incomplete`: its last item was cut short. */
export function encodeOutput(choice: Choice, incomplete: boolean, context: OutputContext): JsonObject[] {
  const logprobs = new LogprobShare(entriesOf(choice.logprobs));
  const output: JsonObject[] = [];
  const groups = groupParts(
    choice.parts.flatMap((part, i) => itemised(part, i, context)),
    context.same,
  );
  groups.forEach((group, i) => {
    const status = incomplete && i === groups.length - 1 ? 'incomplete' : 'completed';
    const item = itemOf(group, output.length, status, context, logprobs);
    if (item !== undefined) output.push(item);
  });
  return output;
}
