/** What changes of credentials for MCP servers are called in the audit and in the feed of changes. */
export const CREDENTIAL_KIND = 'mcp_credential';

/** Ids of such changes; no id of a server has a space. */
export const credentialId = (server: string, owner: string): string => `${server} ${owner}`;
