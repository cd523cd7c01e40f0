import type { HeaderList } from '@headgate/sdk';
import type { Ids } from './ids.js';

// Types as https://docs.claude.com/en/api/errors lists them.
const types: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

const messages: Record<number, string> = {
  401: 'invalid x-api-key',
  404: 'model: mock',
  429: 'This request would exceed your rate limit.',
  500: 'Internal server error',
  529: 'Overloaded',
};

export function anthropicError(status: number, requestId: string): string {
  return anthropicErrorBody(status, messages[status] ?? `Mock error ${status}.`, requestId);
}

export function anthropicErrorBody(status: number, message: string, requestId: string): string {
  const type = types[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error');
  return JSON.stringify({ type: 'error', error: { type, message }, request_id: requestId });
}

export const anthropicStreamError = `event: error\ndata: ${JSON.stringify({
  type: 'error',
  error: { type: 'overloaded_error', message: 'Overloaded' },
})}\n\n`;

/** Headers of an Anthropic answer beside its content type. */
export function anthropicHeaders(requestId: string, status: number): HeaderList {
  const headers = [
    'request-id',
    requestId,
    'anthropic-organization-id',
    '00000000-0000-4000-8000-000000000000',
    'anthropic-ratelimit-requests-limit',
    '4000',
    'anthropic-ratelimit-requests-remaining',
    status === 429 ? '0' : '3999',
    'anthropic-ratelimit-requests-reset',
    new Date(Date.now() + 1000).toISOString(),
  ];
  if (status === 429) headers.push('retry-after', '1');
  return headers;
}

export const anthropicRequestId = (ids: Ids): string => ids.next('req_011', 21);
