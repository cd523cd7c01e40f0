import type { Json } from './json-value.js';

const words: Record<number, Json> = {
  400: { message: 'Invalid request.', type: 'invalid_request_error', param: null, code: null },
  403: {
    message: 'Country, region, or territory not supported',
    type: 'request_forbidden',
    param: null,
    code: 'unsupported_country_region_territory',
  },
  429: {
    message:
      'Rate limit reached for gpt-4o in organization org-fake on requests per min (RPM): Limit 3, Used 3, Requested 1. ' +
      'Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    type: 'requests',
    param: null,
    code: 'rate_limit_exceeded',
  },
  500: {
    message: 'The server had an error while processing your request. Sorry about that!',
    type: 'server_error',
    param: null,
    code: null,
  },
  503: {
    message:
      'The server is currently overloaded with other requests. Sorry about that! You can retry your request.',
    type: 'server_error',
    param: null,
    code: null,
  },
};

/** The provider shows the key it was sent, but for its middle. */
const masked = (key: string): string => `${key.slice(0, 8)}${'*'.repeat(20)}${key.slice(-4)}`;

/** OpenAI's body for an error status. */
export function openaiError(status: number, more: Json, key: string, model: unknown): Json {
  let usual = words[status] ?? { ...words[500] };
  if (status === 401) {
    usual = {
      message: `Incorrect API key provided: ${masked(key)}. You can find your API key at https://platform.openai.com/account/api-keys.`,
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_api_key',
    };
  }
  if (status === 404) {
    usual = {
      message: `The model \`${String(model)}\` does not exist or you do not have access to it.`,
      type: 'invalid_request_error',
      param: null,
      code: 'model_not_found',
    };
  }
  return { error: { ...usual, ...more } };
}
