import type { Config } from './config.js';
import type { Findings } from './findings.js';

/** What comes of a sign-in at an MCP server is kept encrypted or not at all. */
export function checkSealing({ admin, mcp }: Config, findings: Findings): void {
  if (admin.encryptionKey !== null) return;
  for (const { id, auth } of mcp?.servers.values() ?? [])
    if (auth.kind === 'oauth')
      findings.warn(['mcp', 'servers', id, 'auth'], {
        what: 'nobody can sign in there, since there is no key to encrypt the tokens with',
        hint: 'set HEADGATE_ENCRYPTION_KEY',
      });
}
