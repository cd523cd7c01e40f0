import type { CanonicalError } from '@headgate/sdk';
import type { ErrorRow } from './error-row.js';
import { errorTable } from './error-table.js';

export type ErrorCode = keyof typeof errorTable;

/** An error with everything a client may see, and nothing else. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  constructor(readonly canonical: CanonicalError) {
    super(canonical.message);
  }
}

/** The canonical error of a row of the table. */
export function canonicalError(
  code: ErrorCode,
  details: Record<string, string | number> = {},
): CanonicalError {
  const row: ErrorRow = errorTable[code];
  const message = row.message.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? ''));
  return { kind: row.kind, status: row.status, code, message, ...(row.param && { param: row.param }) };
}

export function gatewayError(code: ErrorCode, details?: Record<string, string | number>): GatewayError {
  return new GatewayError(canonicalError(code, details));
}
