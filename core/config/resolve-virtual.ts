import type { Findings } from './findings.js';
import type { VirtualServerConfig, VirtualToolConfig } from './mcp-config.js';
import type { ParsedMcp } from './sections/mcp.js';
import { TOOL_PLACE } from './sections/mcp-endpoint.js';

/** Servers that are made of tools of others. */
export function resolveVirtual(parsed: ParsedMcp, findings: Findings): Map<string, VirtualServerConfig> {
  const found = new Map<string, VirtualServerConfig>();
  for (const [id, { description = '', tools: listed = [], code = null }] of Object.entries(parsed.virtual)) {
    if (id in parsed.servers)
      findings.error(['mcp', 'virtual', id], {
        what: `there is a server "${id}" in mcp.servers`,
        hint: 'both would be at the same path',
        at: 'key',
      });
    code?.forEach((server, at) => {
      if (!(server in parsed.servers))
        findings.error(['mcp', 'virtual', id, 'code', at], {
          what: `there is no server "${server}" in mcp.servers`,
        });
    });
    const tools = new Map<string, VirtualToolConfig>();
    listed.forEach((one, at) => {
      const path = ['mcp', 'virtual', id, 'tools', at];
      const { tool: text, description: told = null } = typeof one === 'string' ? { tool: one } : one;
      const [, server = '', tool = '', name = tool] = TOOL_PLACE.exec(text) ?? [];
      if (!(server in parsed.servers))
        findings.error(path, { what: `there is no server "${server}" in mcp.servers` });
      if (tools.has(name))
        findings.error(path, {
          what: `two of its tools are called "${name}"`,
          hint: 'give one another name with " as "',
        });
      tools.set(name, { server, tool, description: told });
    });
    found.set(id, { description, tools, code });
  }
  return found;
}
