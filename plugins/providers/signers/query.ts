import type { Signer } from '@headgate/sdk';

/** The credential in the query: `{ parameter: 'key' }`. */
export const query: Signer = {
  id: 'query',
  withoutBody: true,
  sign(request, credential, options) {
    const name = options['parameter'];
    if (!name)
      throw new Error("signer 'query' needs signerOptions.parameter, the name of the parameter to set");
    const glue = request.path.includes('?') ? '&' : '?';
    request.path += `${glue}${encodeURIComponent(name)}=${encodeURIComponent(credential)}`;
  },
};
