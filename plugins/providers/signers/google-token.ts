import { createSign } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { askToken } from './ask-token.js';
import { credentialJson, needed } from './credential-json.js';
import type { Environment } from './environment.js';
import type { Token } from './token-source.js';

const TOKEN_URL = 'https://oauth2.googleapis.com/token';
const METADATA_TIMEOUT_MS = 3_000;
/** The longest a signed assertion may be good for. */
const ASSERTION_S = 3600;

type Fields = Record<string, string>;

/**
 * An access token of Google. `credential` is a credentials file's path or JSON text; with '' the application default
 * credentials count: GOOGLE_APPLICATION_CREDENTIALS, then gcloud's own file, then the metadata server.
 */
export async function googleToken(
  credential: string,
  scope: string,
  host: SignerHost,
  environment: Environment,
): Promise<Token> {
  const file = await findFile(credential, environment);
  if (file === null) return fromMetadata(host, environment);
  switch (file['type']) {
    case 'service_account':
      return fromServiceAccount(file, scope, host);
    case 'authorized_user':
      return fromUser(file, host);
    default:
      throw new SignerFailure(
        `credentials of type ${JSON.stringify(file['type'] ?? '')} cannot be used; a service account's or a user's can`,
      );
  }
}

async function findFile(credential: string, environment: Environment): Promise<Fields | null> {
  const json = credentialJson(credential);
  if (json !== null) return json;
  const { env } = environment;
  const named = credential || env['GOOGLE_APPLICATION_CREDENTIALS'];
  if (named) {
    const text = await environment.readFile(named).catch((error: NodeJS.ErrnoException) => {
      throw new SignerFailure(
        `the credentials file ${named} cannot be read (${error.code ?? 'unknown error'})`,
      );
    });
    const found = credentialJson(text);
    if (found === null) throw new SignerFailure(`the credentials file ${named} is not JSON`);
    return found;
  }
  const folder = env['CLOUDSDK_CONFIG'] ?? join(env['HOME'] ?? homedir(), '.config', 'gcloud');
  const text = await environment
    .readFile(join(folder, 'application_default_credentials.json'))
    .catch(() => '');
  return credentialJson(text);
}

function fromServiceAccount(file: Fields, scope: string, host: SignerHost): Promise<Token> {
  const account = needed(file, ['client_email', 'private_key'], 'the service account');
  const url = tokenUrl(file);
  const now = Math.floor(host.clock.now() / 1000);
  const head = { alg: 'RS256', typ: 'JWT', ...(file['private_key_id'] && { kid: file['private_key_id'] }) };
  const claims = { iss: account.client_email, scope, aud: url, iat: now, exp: now + ASSERTION_S };
  const unsigned = `${base64url(head)}.${base64url(claims)}`;
  let signature: string;
  try {
    signature = createSign('RSA-SHA256').update(unsigned).sign(account.private_key, 'base64url');
  } catch {
    throw new SignerFailure('the private key of the service account cannot be used');
  }
  const form = {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    assertion: `${unsigned}.${signature}`,
  };
  return askToken(host, { who: "Google's token endpoint", url, form, secrets: [form.assertion] });
}

function fromUser(file: Fields, host: SignerHost): Promise<Token> {
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

function tokenUrl(file: Fields): string {
  const url = file['token_uri'] ?? TOKEN_URL;
  if (!url.startsWith('https://')) throw new SignerFailure('token_uri of the credentials is not https');
  return url;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
