import type { JsonObject, JsonValue, Tool, ToolChoice } from '@headgate/sdk';
import { isObject } from './read-json.js';

/**
 * Custom tools and choices among tools that only OpenAI's two APIs have. Chat completions write what an object says under
 * the name of its type, responses beside its type:
 *
 *     { "type": "custom", "custom": { "name": "sql", "format": { "type": "grammar", "grammar": { "syntax": "lark", … } } } }
 *     { "type": "custom", "name": "sql", "format": { "type": "grammar", "syntax": "lark", … } }
 *
 * Both functions return undefined for what the other API does not have: tools that run at the provider.
 */
export type Spelling = 'openai-chat' | 'openai-responses';

const OTHER: Record<Spelling, Spelling> = {
  'openai-chat': 'openai-responses',
  'openai-responses': 'openai-chat',
};

/** A custom tool of the other API as `to` writes it. */
export function customToolFor(to: Spelling, tool: Extract<Tool, { kind: 'opaque' }>): JsonObject | undefined {
  if (tool.format !== OTHER[to] || tool.value['type'] !== 'custom') return undefined;
  return respell(tool.value, to);
}

/** The choice of a custom tool, or of some of the tools, as `to` writes it. */
export function choiceFor(
  to: Spelling,
  choice: Extract<ToolChoice, { mode: 'opaque' }>,
): JsonObject | undefined {
  const { format, value } = choice;
  if (format !== OTHER[to] || !isObject(value)) return undefined;
  return value['type'] === 'custom' || value['type'] === 'allowed_tools' ? respell(value, to) : undefined;
}

/** The kinds of objects that stand in both APIs. */
const KNOWN = new Set(['custom', 'function', 'allowed_tools', 'grammar', 'text']);

function respell(value: JsonObject, to: Spelling): JsonObject | undefined {
  const { type, ...members } = value;
  if (typeof type !== 'string' || !KNOWN.has(type)) return undefined;
  const inner = to === 'openai-chat' ? members : members[type];
  if (!isObject(inner)) return type === 'text' ? { type } : undefined;
  const spelled: JsonObject = {};
  for (const [name, member] of Object.entries(inner)) {
    const one = name === 'tools' || name === 'format' ? respellMember(member, to) : member;
    if (one === undefined) return undefined;
    spelled[name] = one;
  }
  if (to === 'openai-responses') return { type, ...spelled };
  return type === 'text' ? { type } : { type, [type]: spelled };
}

function respellMember(member: JsonValue | undefined, to: Spelling): JsonValue | undefined {
  if (isObject(member)) return respell(member, to);
  if (!Array.isArray(member)) return undefined;
  const items = member.map((one) => (isObject(one) ? respell(one, to) : undefined));
  return items.every((one) => one !== undefined) ? items : undefined;
}
