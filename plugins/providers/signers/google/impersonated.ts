import type { SignerHost } from '@headgate/sdk';
import { askToken } from '../ask-token.js';
import type { JsonObject } from '../credential-json.js';
import type { Token } from '../token-source.js';
import { secure } from './token-url.js';

const LIFETIME_S = 3600;

/** A token of the service account at `url`, for which `caller` may ask (https://google.aip.dev/auth/4118). */
export function impersonated(
  url: string,
  caller: Token,
  file: JsonObject,
  scope: string,
  host: SignerHost,
): Promise<Token> {
  const { delegates, service_account_impersonation: wish } = file;
  const { token_lifetime_seconds: wished } = (wish ?? {}) as { token_lifetime_seconds?: unknown };
  const seconds = typeof wished === 'number' ? wished : LIFETIME_S;
  const [name, value, ...also] = caller.headers;
  return askToken(host, {
    who: "Google's endpoint for service account credentials",
    url: secure(url, 'service_account_impersonation_url'),
    headers: { [name as string]: value as string },
    json: {
      scope: [scope],
      lifetime: `${seconds}s`,
      ...(Array.isArray(delegates) && delegates.length > 0 && { delegates }),
    },
    secrets: [],
    also,
  });
}
