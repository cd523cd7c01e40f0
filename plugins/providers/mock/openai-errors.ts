import type { HeaderList } from '@headgate/sdk';
import type { Ids } from './ids.js';

// Types, codes and messages as https://platform.openai.com/docs/guides/error-codes lists them.
const known: Record<number, { type: string; code: string | null; message: string }> = {
  400: {
    type: 'invalid_request_error',
    code: null,
    message: 'The request was refused by the mock, as asked.',
  },
  401: {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message: 'Incorrect API key provided: mock.',
  },
  403: {
    type: 'invalid_request_error',
    code: 'unsupported_country_region_territory',
    message: 'Not allowed.',
  },
  404: { type: 'invalid_request_error', code: 'model_not_found', message: 'The model does not exist.' },
  429: {
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'Rate limit reached. Please try again in 1s.',
  },
  500: {
    type: 'server_error',
    code: null,
    message: 'The server had an error while processing your request.',
  },
  503: { type: 'service_unavailable_error', code: null, message: 'The engine is currently overloaded.' },
};

export function openaiError(status: number): string {
  const fallback = status < 500 ? 'invalid_request_error' : 'server_error';
  const { type, code, message } = known[status] ?? {
    type: fallback,
    code: null,
    message: `Mock error ${status}.`,
  };
  return openaiErrorBody(message, type, null, code);
}

export function openaiErrorBody(
  message: string,
  type: string,
  param: string | null,
  code: string | null,
): string {
  return JSON.stringify({ error: { message, type, param, code } });
}

export const openaiStreamError = `data: ${openaiErrorBody(
  'The server had an error while processing your request. Sorry about that!',
  'server_error',
  null,
  null,
)}\n\n`;

/** Headers of an OpenAI answer beside its content type. */
export function openaiHeaders(ids: Ids, status: number): HeaderList {
  const headers = [
    'x-request-id',
    ids.hex('req_', 32),
    'openai-version',
    '2020-10-01',
    'openai-processing-ms',
    '12',
    'x-ratelimit-limit-requests',
    '10000',
    'x-ratelimit-remaining-requests',
    status === 429 ? '0' : '9999',
    'x-ratelimit-reset-requests',
    '6ms',
  ];
  if (status === 429 || status === 503) headers.push('retry-after', '1');
  return headers;
}
