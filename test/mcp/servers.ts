import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { AuthParts } from '../../core/mcp/hub/auth/make-credentials.js';
import type { Embedded } from '../gateway/embedded.js';

export const reference = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/@modelcontextprotocol/${name}/dist/index.js`, import.meta.url));

/** The protocol's own servers, as programs. */
export const everything = (...args: string[]) => ({
  command: process.execPath,
  args: [reference('server-everything'), ...args],
});
export const filesystem = (folder: string) => ({
  command: process.execPath,
  args: [reference('server-filesystem'), folder],
});
export const memory = (file: string) => ({
  command: process.execPath,
  args: [reference('server-memory')],
  env: { MEMORY_FILE_PATH: file },
});

/** One that has all that the protocol has. */
export const fixture = () => ({
  command: process.execPath,
  args: [fileURLToPath(new URL('../fakes/mcp-fixture.mjs', import.meta.url))],
});

/** One that speaks the newest revision alone. */
export const modern = () => ({
  command: process.execPath,
  args: [fileURLToPath(new URL('../fakes/mcp-modern.mjs', import.meta.url))],
});

/** One that misbehaves as told. */
export const fake = (...modes: string[]) => ({
  command: process.execPath,
  args: [fileURLToPath(new URL('../fakes/mcp-stdio.mjs', import.meta.url)), ...modes],
});

/** For servers that want nothing of whoever asks. */
export const noAuth: AuthParts = {
  vault: {
    read: async () => null,
    renew: async () => null,
    claim: async () => false,
    release: async () => {},
    put: async () => {},
    discard: async () => {},
  },
  fetchRules: () => [],
  signInPath: () => '',
  signer: (id) => {
    throw new Error(`nobody wanted ${id}`);
  },
};

export interface Called {
  readonly status: number;
  /** Of the error; '' when there was none. */
  readonly code: string;
  readonly message: string;
  /** Text of the result. */
  readonly text: string;
  readonly body: Record<string, unknown> & {
    readonly result?: { readonly content: { readonly text?: string }[]; readonly isError?: boolean };
  };
}

type Fetch = typeof globalThis.fetch;

/** Calls a tool of a server through the gateway, as its user would. */
export async function callTool(
  via: { readonly fetch: Fetch },
  server: string,
  tool: string,
  args: object = {},
  { key, signal, url = '' }: { key?: string; signal?: AbortSignal; url?: string } = {},
): Promise<Called> {
  const response = await via.fetch(`${url}/api/mcp/call`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ server, tool, arguments: args }),
    ...(signal !== undefined && { signal }),
  });
  const body = (await response.json()) as Called['body'];
  const { code = '', message = '' } = (body['error'] ?? {}) as { code?: string; message?: string };
  return { status: response.status, code, message, text: body.result?.content[0]?.text ?? '', body };
}

export interface ListedTool {
  readonly server: string;
  readonly name: string;
  readonly [more: string]: unknown;
}

export async function listTools(
  gateway: Pick<Embedded, 'fetch'>,
  { key, query = '' }: { key?: string; query?: string } = {},
): Promise<{
  status: number;
  data: ListedTool[];
  missing: { server: string; code: string; message: string }[];
}> {
  const response = await gateway.fetch(`/api/mcp/tools${query}`, {
    headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
  });
  return {
    status: response.status,
    ...((await response.json()) as { data: ListedTool[]; missing: never[] }),
  };
}

export const namesOf = (tools: readonly ListedTool[]): string[] =>
  tools.map(({ server, name }) => `${server}/${name}`);

/** A process of that id runs. One that has ended and that nobody has asked about yet, as of parents that are gone, does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}
