import type { CanonicalRequest } from '@headgate/sdk';
import { choiceMatcher } from '../../identity/virtual-key.js';
import type { NamedTool, ToolNames } from '../run/tool-names.js';
import type { ToolSearch } from './tool-search.js';

export interface ChoiceRules {
  /** How many what is said once brings. */
  readonly most: number;
  /** Patterns of `server/tool` that are always there. */
  readonly always: readonly string[];
}

/** A conversation brings no more, but for what it calls. */
const MOST_OF_CONVERSATION = 4;

/**
 * The tools that a conversation is about: those that are always there, then what each message of the user brings and what the model
 * has called, in the order in which the conversation comes to them. As it goes on, tools are only added at the end, so that what a provider has
 * cached of its beginning holds.
 *
 * @returns null when what the user said first brings none
 */
export async function chosenTools(
  { messages }: CanonicalRequest,
  names: ToolNames,
  search: ToolSearch<NamedTool>,
  { most, always }: ChoiceRules,
): Promise<Set<NamedTool> | null> {
  const chosen = new Set<NamedTool>();
  if (always.length > 0) {
    const isAlways = choiceMatcher({ allowed: always, denied: [] });
    for (const one of names.all) if (isAlways(`${one.server.id}/${one.tool.name}`)) chosen.add(one);
  }
  const full = chosen.size + MOST_OF_CONVERSATION * most;
  let asked = 0;
  for (const { role, parts } of messages) {
    for (const part of parts) {
      const called = part.type === 'tool-call' ? names.find(part.name) : null;
      if (called !== null) chosen.add(called);
    }
    if (role !== 'user' || chosen.size >= full) continue;
    const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
    if (text.trim() === '') continue;
    const found = await search.find(text, most);
    if (asked++ === 0 && found.length === 0) return null;
    for (const tool of found) if (chosen.size < full) chosen.add(tool);
  }
  return asked === 0 ? null : chosen;
}
