import type { Json } from './json-value.js';

const words: Record<number, [status: string, message: string]> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: [
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid ' +
      'authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  ],
  403: [
    'PERMISSION_DENIED',
    "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other " +
      'form of API consumer identity to call this API.',
  ],
  404: [
    'NOT_FOUND',
    'models/gemini-unknown is not found for API version v1beta, or is not supported for generateContent. Call ' +
      'ListModels to see the list of available models and their supported methods.',
  ],
  429: [
    'RESOURCE_EXHAUSTED',
    'You exceeded your current quota, please check your plan and billing details. Please retry in 34.074824224s.',
  ],
  500: [
    'INTERNAL',
    'An internal error has occurred. Please retry or report in https://ai.google.dev/troubleshooting',
  ],
  503: ['UNAVAILABLE', 'The model is overloaded. Please try again later.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
};

const TYPE = 'type.googleapis.com/google.rpc.';

/** Google says with a 429 when to come back, and with a wrong key, which is a 400, why. */
function detailsOf(status: number): Json {
  return status === 429 ? { details: [{ '@type': `${TYPE}RetryInfo`, retryDelay: '34s' }] } : {};
}

/** Google's body for an error status. */
export function geminiError(status: number, more: Json): Json {
  const [word, message] = words[status] ?? ['INTERNAL', 'Internal error encountered.'];
  return { error: { code: status, message, status: word, ...detailsOf(status), ...more } };
}

/** What a key that Google does not know gets, with status 400. */
export const KEY_INVALID: Json = {
  message: 'API key not valid. Please pass a valid API key.',
  details: [
    {
      '@type': `${TYPE}ErrorInfo`,
      reason: 'API_KEY_INVALID',
      domain: 'googleapis.com',
      metadata: { service: 'generativelanguage.googleapis.com' },
    },
  ],
};
