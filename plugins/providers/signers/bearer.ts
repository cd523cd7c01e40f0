import type { Signer } from '@headgate/sdk';

/** `Authorization: Bearer <credential>`: OpenAI's scheme and that of nearly everyone after it. */
export const bearer: Signer = {
  id: 'bearer',
  fixed: (credential) => ['authorization', `Bearer ${credential}`],
};
