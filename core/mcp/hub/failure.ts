import type { McpRefusal } from '../protocol.js';
import { statusOf } from './connect.js';
import { shortText } from './hidden-words.js';
import { CUT_OFF, TOO_LARGE, UNREACHABLE } from './own-codes.js';

export interface Asked {
  readonly server: string;
  readonly tool: string;
  readonly timeoutMs: number;
  readonly limitBytes: number;
}

/** What a call that failed is told as. `hide` takes secrets out of what the server or the client library says. */
export function callFailure(error: unknown, asked: Asked, hide: (text: string) => string): McpRefusal {
  const { server, tool } = asked;
  const { code } = (error ?? {}) as { code?: unknown };
  const status = statusOf(error);
  const why = whyOf(error, hide);
  if (code === TOO_LARGE) return tooLarge(asked);
  if (code === UNREACHABLE) return { code: 'mcp_server_unavailable', details: { server, why }, sent: false };
  if (code === CUT_OFF || code === 'CONNECTION_CLOSED')
    return { code: 'mcp_server_gone', details: { server, tool, why }, sent: true };
  if (code === 'REQUEST_TIMEOUT')
    return { code: 'mcp_timeout', details: { server, tool, ms: String(asked.timeoutMs) }, sent: true };
  if (status === 401 || status === 403)
    return {
      code: 'mcp_server_unavailable',
      details: { server, why: `it refused our credentials (HTTP ${status})` },
      sent: false,
    };
  if (typeof code === 'number')
    return { code: 'mcp_call_failed', details: { server, tool, code: String(code), why }, sent: true };
  return { code: 'mcp_server_gone', details: { server, tool, why }, sent: true };
}

export function tooLarge({ server, tool, limitBytes }: Asked): McpRefusal {
  return { code: 'mcp_result_too_large', details: { server, tool, limit: String(limitBytes) }, sent: true };
}

/** An error in words for people, without secrets. */
export function whyOf(error: unknown, hide: (text: string) => string): string {
  const status = statusOf(error);
  if (status !== 0) return `it answered with HTTP ${status}`;
  if (!(error instanceof Error)) return shortText(hide(String(error)));
  // What `fetch` says is nothing; what made it fail is inside.
  let cause: Error & { code?: unknown } = error;
  while (/fetch failed$/.test(cause.message) && cause.cause instanceof Error) cause = cause.cause;
  const said = cause.message === '' && typeof cause.code === 'string' ? cause.code : cause.message;
  return shortText(hide(said));
}
