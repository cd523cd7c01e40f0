import type { AttachedTools } from './mcp-config.js';
import type { ParsedAttachedTools } from './sections/attached-tools.js';

/** What a model or a key says of tools; null when that is nothing. */
export function resolveAttached(parsed: ParsedAttachedTools | undefined): AttachedTools | null {
  if (parsed === undefined) return null;
  return { servers: parsed.servers, tools: parsed.tools ?? null, mode: parsed.mode, select: parsed.select };
}
