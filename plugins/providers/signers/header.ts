import type { Signer } from '@headgate/sdk';

/**
 * The credential in a header of its own: `{ header: 'x-api-key' }` for Anthropic; behind a word with
 * `{ header: 'authorization', prefix: 'Key ' }`.
 */
export const header: Signer = {
  id: 'header',
  fixed(credential, options) {
    const name = options['header'];
    if (!name) throw new Error("signer 'header' needs signerOptions.header, the name of the header to set");
    return [name.toLowerCase(), `${options['prefix'] ?? ''}${credential}`];
  },
};
