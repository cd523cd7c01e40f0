import type { OpaquePart, Part, ReasoningPart, ToolCallPart } from '@headgate/sdk';
import { marksOf } from './types.js';

/** Parts of one item. */
export type Group =
  | { kind: 'message'; parts: Part[] }
  | { kind: 'reasoning'; parts: ReasoningPart[] }
  | { kind: 'call'; part: ToolCallPart }
  | { kind: 'opaque'; part: OpaquePart };

/**
 * The items that an assistant's parts are. Parts of this very format say where an item begins; of another one, texts
 * beside each other are one message, and each piece of reasoning is an item of its own.
 */
export function groupParts(parts: readonly Part[], same: boolean): Group[] {
  const groups: Group[] = [];
  for (const part of parts) {
    const last = groups.at(-1);
    const begins = same && marksOf(part).item !== undefined;
    if (part.type === 'tool-call') groups.push({ kind: 'call', part });
    else if (part.type === 'reasoning') {
      if (same && !begins && last?.kind === 'reasoning') last.parts.push(part);
      else groups.push({ kind: 'reasoning', parts: [part] });
    } else if (part.type === 'opaque' && marksOf(part).content !== true)
      groups.push({ kind: 'opaque', part });
    else if (!begins && last?.kind === 'message') last.parts.push(part);
    else groups.push({ kind: 'message', parts: [part] });
  }
  return groups;
}
