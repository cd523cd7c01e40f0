import { homedir } from 'node:os';
import { join } from 'node:path';
import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { askToken } from '../ask-token.js';
import { type JsonObject, jsonObject, textsOf } from '../credential-json.js';
import type { Environment } from '../environment.js';
import type { Token } from '../token-source.js';
import { fromExternalAccount } from './external-account.js';
import { impersonated } from './impersonated.js';
import { fromServiceAccount } from './service-account.js';
import { fromUser } from './user.js';

const METADATA_TIMEOUT_MS = 3_000;
const CLOUD = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * An access token of Google. `credential` is a credentials file's path or JSON text; with '' the application default
 * credentials count: GOOGLE_APPLICATION_CREDENTIALS, then gcloud's own file, then the metadata server. The types of files are
 * those of https://google.aip.dev/auth/4110 and its neighbours.
 */
export async function googleToken(
  credential: string,
  scope: string,
  host: SignerHost,
  environment: Environment,
): Promise<Token> {
  const file = await findFile(credential, environment);
  return file === null ? fromMetadata(host, environment) : fromFile(file, scope, host, environment);
}

async function fromFile(
  file: JsonObject,
  scope: string,
  host: SignerHost,
  environment: Environment,
): Promise<Token> {
  const texts = textsOf(file);
  switch (texts['type']) {
    case 'service_account':
      return fromServiceAccount(texts, scope, host);
    case 'authorized_user':
      return fromUser(texts, host);
    case 'external_account': {
      const url = texts['service_account_impersonation_url'];
      const token = await fromExternalAccount(file, url === undefined ? scope : CLOUD, host, environment);
      return url === undefined ? token : impersonated(url, token, file, scope, host);
    }
    case 'impersonated_service_account': {
      const { source_credentials: source } = file;
      const url = texts['service_account_impersonation_url'];
      if (typeof source !== 'object' || source === null || url === undefined)
        throw new SignerFailure(
          'the impersonated service account lacks source_credentials or service_account_impersonation_url',
        );
      const token = await fromFile(source as JsonObject, CLOUD, host, environment);
      return impersonated(url, token, file, scope, host);
    }
    default:
      throw new SignerFailure(
        `credentials of type ${JSON.stringify(texts['type'] ?? '')} cannot be used; those of a service account, ` +
          'a user, an external account or an impersonated service account can',
      );
  }
}

async function findFile(credential: string, environment: Environment): Promise<JsonObject | null> {
  const json = jsonObject(credential);
  if (json !== null) return json;
  const { env } = environment;
  const named = credential || env['GOOGLE_APPLICATION_CREDENTIALS'];
  if (named) {
    const text = await environment.readFile(named).catch((error: NodeJS.ErrnoException) => {
      throw new SignerFailure(
        `the credentials file ${named} cannot be read (${error.code ?? 'unknown error'})`,
      );
    });
    const found = jsonObject(text);
    if (found === null) throw new SignerFailure(`the credentials file ${named} is not JSON`);
    return found;
  }
  const folder = env['CLOUDSDK_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.config', 'gcloud');
  const text = await environment
    .readFile(join(folder, 'application_default_credentials.json'))
    .catch(() => '');
  return jsonObject(text);
}

function fromMetadata(host: SignerHost, { env }: Environment): Promise<Token> {
  const server = env['GCE_METADATA_HOST'] ?? 'metadata.google.internal';
  return askToken(host, {
    who: 'the metadata server of Google Cloud (there are no application default credentials)',
    url: `http://${server}/computeMetadata/v1/instance/service-accounts/default/token`,
    headers: { 'metadata-flavor': 'Google' },
    secrets: [],
    timeoutMs: METADATA_TIMEOUT_MS,
  });
}
