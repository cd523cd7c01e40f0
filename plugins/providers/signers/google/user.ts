import type { SignerHost } from '@headgate/sdk';
import { askToken } from '../ask-token.js';
import { needed } from '../credential-json.js';
import type { Token } from '../token-source.js';
import { tokenUrl } from './token-url.js';

export function fromUser(file: Record<string, string>, host: SignerHost): Promise<Token> {
  const names = ['client_id', 'client_secret', 'refresh_token'] as const;
  const { client_id, client_secret, refresh_token } = needed(file, names, 'the user credentials');
  const project = file['quota_project_id'];
  return askToken(host, {
    who: "Google's token endpoint",
    url: tokenUrl(file),
    form: { grant_type: 'refresh_token', client_id, client_secret, refresh_token },
    secrets: [client_secret, refresh_token],
    // A user has no project of its own that could pay.
    ...(project && { also: ['x-goog-user-project', project] }),
  });
}
