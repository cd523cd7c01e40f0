import type { Signer } from '@headgate/sdk';

/**
 * A key of the Gemini API: `x-goog-api-key`, but `Authorization: Bearer` on the paths where that API speaks OpenAI's
 * format. Either header alone is refused where the other is wanted.
 */
export const googleApiKey: Signer = {
  id: 'google-api-key',
  withoutBody: true,
  sign(request, credential) {
    if (request.path.includes('/openai/')) request.headers.push('authorization', `Bearer ${credential}`);
    else request.headers.push('x-goog-api-key', credential);
  },
};
