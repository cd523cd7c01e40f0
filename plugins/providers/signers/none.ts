import type { Signer } from '@headgate/sdk';

/** For servers that take no credential. */
export const none: Signer = { id: 'none' };
