import { expect, it } from 'vitest';
import type { McpServerConfig } from '../../core/config/mcp-config.js';
import { Secret } from '../../core/config/secret.js';
import { hiderFor } from '../../core/mcp/hub/hidden-words.js';
import { ServerLog } from '../../core/mcp/hub/server-log.js';

const config = {
  transport: {
    kind: 'stdio',
    args: new Secret(['--key', 'sk-argument-0123'], ['--key', '***']),
    env: new Map([['TOKEN', new Secret('sk-variable-0123')]]),
  },
} as unknown as McpServerConfig;
const address = {
  transport: {
    kind: 'http',
    url: new Secret('https://tools.example/mcp?key=sk-query-0123'),
    headers: new Map([['authorization', new Secret('Bearer sk-header-0123')]]),
  },
} as unknown as McpServerConfig;

it('what a server says is in the log without its secrets, in lines that are not long and not many', () => {
  const lines: Record<string, unknown>[] = [];
  const log = new ServerLog('files', hiderFor(config), (_, __, fields) => lines.push(fields));
  log.push(Buffer.from('started with sk-argument-0123 and sk-vari'));
  log.push(Buffer.from('able-0123\r\n\u001b[31mred\u0000 text\n\n'));
  expect(lines).toEqual([
    { server: 'files', line: 'started with *** and ***' },
    { server: 'files', line: '[31mred  text' },
  ]);
  log.push(Buffer.from(`${'x'.repeat(100_000)}\n`));
  expect(String(lines[2]?.['line']).length).toBeLessThan(600);
  for (let i = 0; i < 1000; i++) log.push(Buffer.from(`line ${i}\n`));
  expect(lines.length).toBeLessThan(100);
  expect(log.last).toContain('line 999');
});

it('of an address, the key in its query and those in its headers are hidden', () => {
  const hide = hiderFor(address);
  expect(hide('GET /mcp?key=sk-query-0123 refused (sk-query-0123, sk-header-0123)')).not.toMatch(/sk-/);
});
