import { type Signer, SignerFailure } from '@headgate/sdk';
import { askToken } from './ask-token.js';
import { TokenSource } from './token-source.js';

const TOKEN_URL = 'https://iam.cloud.ibm.com/identity/token';

/** An IBM Cloud API key, exchanged for a token of IAM. `tokenUrl` is for other installations. */
export const ibmIam: Signer = {
  id: 'ibm-iam',
  withoutBody: true,
  open: (credential, options, host) =>
    new TokenSource(async () => {
      if (credential === '')
        throw new SignerFailure('there is no IBM Cloud API key: give the provider a key');
      const url = options['tokenUrl'] ?? TOKEN_URL;
      const form = { grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: credential };
      return askToken(host, { who: new URL(url).host, url, form, secrets: [credential] });
    }, host.clock),
};
