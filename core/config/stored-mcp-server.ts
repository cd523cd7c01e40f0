import type { Findings } from './findings.js';
import { isMetadataServer } from './metadata-server.js';
import type { Path } from './path.js';
import type { AllowedCommand } from './sections/mcp-grants.js';
import { isAddress, type ParsedMcpServer } from './sections/mcp-server.js';

/**
 * What an MCP server of the store may not, although one of the file may: whoever is allowed to change servers through the admin API is
 * not thereby allowed to start programs on the machine, to read its files, or to ask for its credentials.
 */
export function checkStoredServer(
  id: string,
  server: ParsedMcpServer,
  allowed: readonly AllowedCommand[],
  findings: Findings,
): void {
  const at = (field: string): Path => ['mcp', 'servers', id, field];
  const { url, openapi, base_url } = server;
  for (const [field, address] of Object.entries({ url, openapi, base_url }))
    if (address !== undefined && isMetadataServer(address))
      findings.error(at(field), {
        what: 'serves the credentials of this machine, so only the configuration file may name it',
      });
  if (openapi !== undefined && !isAddress(openapi))
    findings.error(at('openapi'), {
      what: 'is a file of this machine, which the configuration file alone may name',
      hint: 'give the address of the document',
    });
  // The forms of keys that stand in the entry itself; any other leads to what the machine has.
  if (server.auth?.type === 'sigv4' && !/^[A-Z0-9]{16,128}:\S+$/.test(server.auth.key ?? ''))
    findings.error([...at('auth'), 'key'], {
      what: 'leads to credentials of this machine, so only the configuration file may say so',
      hint: 'give it keys of its own: ACCESS_KEY_ID:SECRET',
    });
  if (server.command === undefined || allowed.some((one) => allows(one, server))) return;
  const known = allowed.some(({ command }) => command === server.command);
  findings.error(at('command'), {
    what: known
      ? 'with these arguments, variables or folder it is not among the commands of mcp.allow_commands'
      : 'is not among the commands of mcp.allow_commands, and programs of others come from the configuration file alone',
    hint: 'define the server in the file, or allow its command there',
  });
}

function allows(
  { command, args: patterns, env: names, cwd: folder }: AllowedCommand,
  server: ParsedMcpServer,
) {
  const { args = [], env = {}, cwd } = server;
  return (
    command === server.command &&
    args.length === patterns.length &&
    args.every((arg, index) => fits(arg, patterns[index] as string)) &&
    Object.keys(env).every((name) => names.includes(name)) &&
    (cwd === undefined || (folder !== undefined && fits(cwd, folder)))
  );
}

/** Without regular expressions, which could be slow for a pattern with many wildcards. */
function fits(text: string, pattern: string): boolean {
  if (text === pattern) return true;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined || text.length < first.length + last.length) return false;
  if (!text.startsWith(first) || !text.endsWith(last) || /(^|[/\\])\.\.($|[/\\])/.test(text)) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const part of rest) {
    const found = text.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}
