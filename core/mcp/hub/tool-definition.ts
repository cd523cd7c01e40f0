import { createHash } from 'node:crypto';
import type { JsonObject } from '@headgate/sdk';
import type { ToolDefinition } from '../protocol.js';
import { RETURNS } from '../returns-field.js';
import { sorted } from '../sorted-json.js';

/**
 * The tools of a list, in an order of their own, so that what is made of it is the same as long as the tools are. A name that
 * comes twice would be two tools for one call: the first one counts.
 */
export function definitionsOf(items: readonly JsonObject[]): ToolDefinition[] {
  const byName = new Map<string, ToolDefinition>();
  for (const item of items) {
    const one = definitionOf(item);
    if (!byName.has(one.name)) byName.set(one.name, one);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The client library has looked at the form already. */
function definitionOf({
  name,
  title,
  description,
  inputSchema,
  outputSchema,
  annotations,
  icons,
  _meta: meta,
}: JsonObject): ToolDefinition {
  const { [RETURNS]: returns, ...rest } = (meta ?? {}) as JsonObject;
  const told = {
    name: name as string,
    title: (title ?? '') as string,
    description: (description ?? '') as string,
    inputSchema: inputSchema as JsonObject,
    outputSchema: (outputSchema ?? null) as JsonObject | null,
    annotations: (annotations ?? {}) as JsonObject,
    ...(typeof returns === 'object' && returns !== null && { returns: returns as JsonObject }),
  };
  // The same for the same tool, in whatever order its server writes the fields.
  const fingerprint = `sha256:${createHash('sha256').update(sorted(told)).digest('hex')}`;
  const extra = {
    ...(icons !== undefined && { icons }),
    ...(Object.keys(rest).length > 0 && { _meta: rest }),
  };
  return { returns: null, ...told, extra, fingerprint };
}
