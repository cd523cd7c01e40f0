/** What virtual keys may ask for of servers and their tools. */
const PATHS = ['/api/mcp/tools', '/api/mcp/servers', '/api/mcp/call'] as const;
export type McpPath = (typeof PATHS)[number];

export function mcpPath(path: string): McpPath | null {
  return PATHS.find((one) => one === path) ?? null;
}
