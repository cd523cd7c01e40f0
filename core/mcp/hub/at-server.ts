import type { McpRefusal, ToolProgress } from '../protocol.js';
import { credentialErrorIn } from './auth/credentials.js';
import { type Connection, statusOf } from './connect.js';
import { type Asked, callFailure, tooLarge, whyOf } from './failure.js';
import { withoutSecrets } from './hidden-words.js';
import type { ServerLink } from './server-link.js';

export interface CallOptions {
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ToolProgress) => void;
}

/**
 * Something that is asked of a server, and what it came to. Rejects with Unavailable when the server cannot be had.
 *
 * @param work asks over a connection; its result is held against the limit on results
 */
export async function atServer<T>(
  link: ServerLink,
  asked: Omit<Asked, 'limitBytes'>,
  work: (connection: Connection) => Promise<T>,
): Promise<{ value: T } | { refused: McpRefusal }> {
  link.running++;
  try {
    return await tried(link, { ...asked, limitBytes: link.config.resultLimitBytes }, work);
  } finally {
    link.running--;
  }
}

async function tried<T>(
  link: ServerLink,
  asked: Asked,
  work: (connection: Connection) => Promise<T>,
  again = false,
): Promise<{ value: T } | { refused: McpRefusal }> {
  const connection = await link.connect();
  try {
    const value = await work(connection);
    const text = JSON.stringify(value) ?? '';
    if (Buffer.byteLength(text) > asked.limitBytes) return { refused: tooLarge(asked) };
    return { value: unsaid(value, text, link.credentials.secrets()) };
  } catch (error) {
    const missing = credentialErrorIn(error);
    if (missing !== null) return { refused: missing.refusal };
    // Its session is over, as of servers that were restarted: what was asked did not reach it.
    if (statusOf(error) === 404 && !again) {
      link.drop(connection, 'it has forgotten our session');
      return tried(link, asked, work, true);
    }
    if (isUnreachable(error)) link.drop(connection, whyOf(error, link.hide));
    const refused = callFailure(error, asked, link.hide);
    const why = link.hide(connection.transport.why);
    if (refused.code !== 'mcp_server_gone' || why === '') return { refused };
    return { refused: { ...refused, details: { ...refused.details, why } } };
  }
}

/** Nothing came of it at all: not a status, not an answer. */
function isUnreachable(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

/** What a server repeats of its caller's credentials is told to nobody. `text` is the value as JSON. */
export function unsaid<T>(value: T, text: string, secrets: readonly string[]): T {
  if (secrets.length === 0) return value;
  const words = secrets.map((one) => JSON.stringify(one).slice(1, -1));
  const hidden = withoutSecrets(text, words);
  return hidden === text ? value : (JSON.parse(hidden) as T);
}

/** How the client library is asked. */
export function requestOptions({ signal, onProgress }: CallOptions, timeoutMs: number) {
  return {
    signal,
    timeout: timeoutMs,
    // Progress that is told makes it no longer.
    maxTotalTimeout: timeoutMs,
    ...(onProgress !== undefined && {
      onprogress: ({ progress, total, message }: Partial<ToolProgress> & { progress: number }) =>
        onProgress({
          progress,
          ...(total !== undefined && { total }),
          ...(message !== undefined && { message }),
        }),
    }),
  };
}
