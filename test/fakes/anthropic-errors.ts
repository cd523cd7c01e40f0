import type { Json } from './json-value.js';

const words: Record<number, [type: string, message: string]> = {
  400: ['invalid_request_error', 'Invalid request.'],
  401: ['authentication_error', 'invalid x-api-key'],
  403: ['permission_error', 'Your API key does not have permission to use the specified resource.'],
  404: ['not_found_error', 'model: claude-unknown'],
  413: ['request_too_large', 'Request exceeds the maximum size'],
  429: [
    'rate_limit_error',
    "This request would exceed your organization's rate limit of 50 requests per minute.",
  ],
  500: ['api_error', 'Internal server error'],
  503: ['api_error', 'Service unavailable'],
  529: ['overloaded_error', 'Overloaded'],
};

/** Anthropic's body for an error status. */
export function anthropicError(status: number, more: Json, requestId: string): Json {
  const [type, message] = words[status] ?? ['api_error', 'Internal server error'];
  return { type: 'error', error: { type, message, ...more }, request_id: requestId };
}

/** An error in the middle of a stream, after HTTP has said 200. */
export const anthropicErrorEvent = (more: Json): string =>
  `event: error\ndata: ${JSON.stringify({
    type: 'error',
    error: { type: 'overloaded_error', message: 'Overloaded', ...more },
  })}\n\n`;
