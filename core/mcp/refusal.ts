import type { HeaderList } from '@headgate/sdk';
import type { Config } from '../config/config.js';
import { canonicalError, GatewayError } from '../errors.js';
import type { McpRefusal } from './protocol.js';
import { baseOf } from './resource-metadata.js';

/** An error that a browser can do something about. */
export class NeedsBrowser extends GatewayError {
  constructor(
    error: GatewayError['canonical'],
    /** What is to be opened there. */
    readonly url: string,
  ) {
    super(error);
  }
}

/** The error that a caller is told. Links lead to where the caller has found the gateway. */
export function refusalError(
  { code, details, retryAfterMs }: McpRefusal,
  config: Config,
  headers: HeaderList,
): GatewayError {
  const { path } = details;
  const url = path === undefined ? null : baseOf(config, headers) + path;
  const error = canonicalError(code, url === null ? details : { ...details, url });
  const whole = retryAfterMs === undefined ? error : { ...error, retryAfterMs };
  return url === null ? new GatewayError(whole) : new NeedsBrowser(whole, url);
}

/** What a model may be told of it: whoever has the link could sign in with an account of their own, and a model tells it to anybody. */
export function withoutLink(message: string, url: string): string {
  return message.replaceAll(url, 'what GET /api/mcp/servers names');
}
