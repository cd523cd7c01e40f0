import type { Signer } from '@headgate/sdk';

/** The bare credential in a header of its own: `{ header: 'x-api-key' }` for Anthropic, `api-key` for Azure. */
export const header: Signer = {
  id: 'header',
  fixed(credential, options) {
    const name = options['header'];
    if (!name) throw new Error("signer 'header' needs signerOptions.header, the name of the header to set");
    return [name.toLowerCase(), credential];
  },
};
