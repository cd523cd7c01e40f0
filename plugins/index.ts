import { definePlugin, type Plugin } from '@headgate/sdk';
import { adapters } from './adapters/index.js';
import { formats } from './formats/index.js';
import { loadCatalog } from './providers/catalog.js';
import { mock } from './providers/mock/index.js';
import { azure } from './providers/signers/azure.js';
import { bearer } from './providers/signers/bearer.js';
import { googleApiKey } from './providers/signers/google/api-key.js';
import { google } from './providers/signers/google/index.js';
import { header } from './providers/signers/header.js';
import { ibmIam } from './providers/signers/ibm-iam.js';
import { none } from './providers/signers/none.js';
import { oauthClientCredentials } from './providers/signers/oauth-client-credentials.js';
import { query } from './providers/signers/query.js';
import { sigv4 } from './providers/signers/sigv4/index.js';

/** What every gateway has without being asked: one line each. */
export const builtins: readonly Plugin[] = [
  definePlugin({ name: 'formats', version: '1.0.0', formats }),
  definePlugin({ name: 'adapters', version: '1.0.0', adapters }),
  definePlugin({
    name: 'signers',
    version: '1.0.0',
    signers: [
      bearer,
      header,
      query,
      none,
      azure,
      google,
      googleApiKey,
      oauthClientCredentials,
      ibmIam,
      sigv4,
    ],
  }),
  definePlugin({ name: 'providers', version: '1.0.0', providers: loadCatalog().map((row) => ({ row })) }),
  definePlugin({ name: 'mock', version: '1.0.0', providers: [mock] }),
];

/** Plugins that a config names in `use:` or that one of its settings switches on; loaded only then. */
export const named: Readonly<Record<string, () => Promise<Plugin>>> = {
  budget: () => import('./budget/index.js').then((module) => module.default),
  'rate-limit': () => import('./rate-limit/index.js').then((module) => module.default),
};
