import type { ModelConfig } from './config.js';
import type { Findings } from './findings.js';
import type { AttachedTools, McpConfig } from './mcp-config.js';
import { nearest } from './nearest.js';
import type { Path } from './path.js';

/** Servers that models and keys name but that are not there, or are switched off: their tools are never added. */
export function checkAttached(
  models: ReadonlyMap<string, ModelConfig>,
  keys: readonly { readonly attached: AttachedTools | null }[],
  keyIndex: readonly number[],
  mcp: McpConfig | null,
  findings: Findings,
): void {
  const known = [...(mcp?.servers.keys() ?? [])];
  const check = (attached: AttachedTools | null, path: Path): void => {
    for (const [index, id] of (attached?.servers ?? []).entries()) {
      if (known.includes(id)) continue;
      const suggestion = nearest(id, known);
      findings.warn([...path, 'mcp', 'servers', index], {
        what: 'no MCP server of that id is switched on',
        value: id,
        ...(suggestion !== undefined && { suggestion }),
      });
    }
  };
  for (const [name, { attached }] of models) check(attached, ['models', name]);
  for (const [index, { attached }] of keys.entries()) check(attached, ['keys', keyIndex[index] ?? index]);
}
