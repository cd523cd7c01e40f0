import type { ProviderModule } from '@headgate/sdk';
import { MockTransport } from './transport.js';

/** A provider that needs neither key nor network: for the first call, for demos, for tests. */
export const mock: ProviderModule = {
  row: {
    id: 'mock',
    name: 'Mock',
    // Never dialled: `.invalid` resolves nowhere, whoever tries.
    baseUrl: 'http://mock.invalid/v1',
    formats: {
      'openai-chat': '/chat/completions',
      'openai-completions': '/completions',
      'openai-embeddings': '/embeddings',
      'anthropic-messages': '/messages',
      'anthropic-count-tokens': '/messages/count_tokens',
    },
    signer: 'none',
    keyRequired: false,
    free: true,
  },
  transport: () => new MockTransport(),
};
