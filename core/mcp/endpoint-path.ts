/** Where the gateway is a server of the protocol itself. */
export interface EndpointPath {
  /** Of a server, or of a virtual one; null for all together. */
  readonly name: string | null;
}

/** Null for any other path. */
export function endpointPath(path: string): EndpointPath | null {
  if (!path.startsWith('/mcp')) return null;
  if (path === '/mcp' || path === '/mcp/') return { name: null };
  const [, name] = /^\/mcp\/([^/]{1,100})\/?$/.exec(path) ?? [];
  return name === undefined ? null : { name };
}
