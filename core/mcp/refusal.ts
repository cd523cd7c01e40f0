import { canonicalError, GatewayError } from '../errors.js';
import type { McpRefusal } from './protocol.js';

/** The error that a caller is told. */
export function refusalError({ code, details, retryAfterMs }: McpRefusal): GatewayError {
  const error = canonicalError(code, details);
  return new GatewayError(retryAfterMs === undefined ? error : { ...error, retryAfterMs });
}
