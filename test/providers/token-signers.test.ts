import { createVerify, generateKeyPairSync } from 'node:crypto';
import type { SignerFailure } from '@headgate/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { azureSigner } from '../../plugins/providers/signers/azure.js';
import { googleApiKey } from '../../plugins/providers/signers/google/api-key.js';
import { googleSigner } from '../../plugins/providers/signers/google/index.js';
import { ibmIam } from '../../plugins/providers/signers/ibm-iam.js';
import { oauthClientCredentials } from '../../plugins/providers/signers/oauth-client-credentials.js';
import { query } from '../../plugins/providers/signers/query.js';
import { aRequest, signed, TokenEndpoint } from './token-endpoint.js';

let endpoint: TokenEndpoint;
let files: Record<string, string>;
beforeEach(() => {
  endpoint = new TokenEndpoint();
  files = {};
});
const readFile = async (path: string): Promise<string> => {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return text;
};
const ask = async (outcome: ReturnType<typeof signed>) => {
  const result = await outcome;
  return { result, asked: endpoint.asked[0], failure: (result as SignerFailure).message };
};

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const serviceAccount = {
  type: 'service_account',
  client_email: 'gate@project.iam.gserviceaccount.com',
  private_key_id: 'key-1',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  token_uri: 'https://oauth2.googleapis.com/token',
};

describe('google', () => {
  const google = (credential: string, env: Record<string, string> = {}) =>
    ask(
      signed(
        googleSigner({ env: { HOME: '/root', ...env }, readFile }).open?.(credential, {}, endpoint.host),
      ),
    );

  it('signs an assertion with the key of a service account and sends the token it gets', async () => {
    const { result, asked } = await google(JSON.stringify(serviceAccount));
    expect(result).toEqual({ authorization: 'Bearer token-1' });
    expect(asked).toMatchObject({ method: 'POST', url: 'https://oauth2.googleapis.com/token' });
    expect(asked?.form['grant_type']).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
    const [head = '', claims = '', signature = ''] = asked?.form['assertion']?.split('.') ?? [];
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    expect(read(head)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'key-1' });
    const now = endpoint.now / 1000;
    expect(read(claims)).toEqual({
      iss: serviceAccount.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: serviceAccount.token_uri,
      iat: now,
      exp: now + 3600,
    });
    const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`);
    expect(verifier.verify(publicKey, signature, 'base64url')).toBe(true);
  });

  it('takes a path, of the key or of GOOGLE_APPLICATION_CREDENTIALS', async () => {
    files['/k.json'] = JSON.stringify(serviceAccount);
    expect((await google('/k.json')).result).toEqual({ authorization: 'Bearer token-1' });
    expect((await google('', { GOOGLE_APPLICATION_CREDENTIALS: '/k.json' })).result).toHaveProperty(
      'authorization',
    );
  });

  it('finds the file of gcloud and refreshes the token of its user', async () => {
    files['/root/.config/gcloud/application_default_credentials.json'] = JSON.stringify({
      type: 'authorized_user',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
      quota_project_id: 'billing',
    });
    const { result, asked } = await google('');
    expect(result).toEqual({ authorization: 'Bearer token-1', 'x-goog-user-project': 'billing' });
    expect(asked?.form).toEqual({
      grant_type: 'refresh_token',
      client_id: 'c',
      client_secret: 's',
      refresh_token: 'r',
    });
  });

  it('asks the metadata server when there is nothing else', async () => {
    const { result, asked } = await google('');
    expect(result).toEqual({ authorization: 'Bearer token-1' });
    expect(asked).toMatchObject({
      method: 'GET',
      url: 'http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token',
      headers: { 'metadata-flavor': 'Google' },
    });
  });

  it.each([
    ['/no.json', 'the credentials file /no.json cannot be read (ENOENT)'],
    ['{"type":"service_account"}', 'the service account lacks client_email and private_key'],
    [
      '{"type":"gdch_service_account"}',
      'credentials of type "gdch_service_account" cannot be used; those of a service account, a user, an external account or an impersonated service account can',
    ],
    ['{broken', 'the credential begins like JSON but cannot be read as such'],
    [
      JSON.stringify({ ...serviceAccount, private_key: 'secret-but-no-key' }),
      'the private key of the service account cannot be used',
    ],
    [
      JSON.stringify({ ...serviceAccount, token_uri: 'http://evil.example' }),
      'token_uri of the credentials is not https',
    ],
  ])('says what is wrong with %s, without a secret', async (credential, message) => {
    expect((await google(credential)).failure).toBe(message);
    expect(endpoint.asked).toHaveLength(0);
  });
});

describe('azure', () => {
  const azure = (credential: string, env: Record<string, string> = {}) => {
    const signer = azureSigner({ env, readFile });
    return ask(signed(signer.open?.(credential, { scope: 'https://ai.azure.com/.default' }, endpoint.host)));
  };

  it('puts a key into a header and asks nobody', () => {
    const signer = azureSigner({ env: {}, readFile });
    expect(signer.fixed?.('k1', {})).toEqual(['api-key', 'k1']);
    expect(signer.fixed?.('k1', { header: 'x-api-key' })).toEqual(['x-api-key', 'k1']);
    expect(signer.open?.('k1', {}, endpoint.host)).toBeUndefined();
    expect(signer.fixed?.('', {})).toEqual([]);
  });

  it.each([
    ['of the key', '{"tenant_id":"t","client_id":"c","client_secret":"s"}', {}],
    ['of the environment', '', { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_CLIENT_SECRET: 's' }],
  ])('gets a token for the service principal %s', async (_, credential, env) => {
    const { result, asked } = await azure(credential, env as Record<string, string>);
    expect(result).toEqual({ authorization: 'Bearer token-1' });
    expect(asked).toMatchObject({
      url: 'https://login.microsoftonline.com/t/oauth2/v2.0/token',
      form: {
        grant_type: 'client_credentials',
        scope: 'https://ai.azure.com/.default',
        client_id: 'c',
        client_secret: 's',
      },
    });
  });

  it('hands over the token of a workload identity, read anew each time', async () => {
    files['/var/token'] = 'assertion-1\n';
    const env = { AZURE_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', AZURE_FEDERATED_TOKEN_FILE: '/var/token' };
    expect((await azure('', env)).asked?.form).toMatchObject({
      client_assertion: 'assertion-1',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    });
    delete files['/var/token'];
    expect((await azure('', env)).failure).toMatch(/AZURE_FEDERATED_TOKEN_FILE/);
  });

  it('asks the machine for its managed identity, App Service first', async () => {
    const vm = new URL((await azure('', { AZURE_CLIENT_ID: 'user-assigned' })).asked?.url ?? '');
    expect(`${vm.host}${vm.pathname}`).toBe('169.254.169.254/metadata/identity/oauth2/token');
    expect(Object.fromEntries(vm.searchParams)).toEqual({
      resource: 'https://ai.azure.com',
      client_id: 'user-assigned',
      'api-version': '2018-02-01',
    });
    endpoint.asked.length = 0;
    const { asked } = await azure('', { IDENTITY_ENDPOINT: 'http://127.0.0.1:41/msi', IDENTITY_HEADER: 'h' });
    expect(asked?.headers['x-identity-header']).toBe('h');
    expect(asked?.url).toContain('api-version=2019-08-01');
  });

  it('names what a service principal lacks', async () => {
    expect((await azure('{"tenant_id":"t","client_secret":"hidden"}')).failure).toBe(
      'the service principal lacks client_id',
    );
  });
});

describe('oauth-client-credentials', () => {
  const options = { tokenUrl: 'https://id.example/token', scope: 'all-apis' };
  const oauth = (credential: string, more: Record<string, string> = {}) =>
    ask(signed(oauthClientCredentials.open?.(credential, { ...options, ...more }, endpoint.host)));

  it('identifies itself as RFC 6749 says, with id and secret form-encoded', async () => {
    const { asked } = await oauth('my id:p:ss/word');
    expect(asked?.form).toEqual({ grant_type: 'client_credentials', scope: 'all-apis' });
    const basic = asked?.headers['authorization']?.replace('Basic ', '') ?? '';
    expect(Buffer.from(basic, 'base64').toString()).toBe('my%20id:p%3Ass%2Fword');
  });

  it('passes a ready Basic value on, and sends a fresh id where one is wanted', async () => {
    const { asked } = await oauth('cmVhZHk=', { requestIdHeader: 'rquid' });
    expect(asked?.headers['authorization']).toBe('Basic cmVhZHk=');
    expect(asked?.headers['rquid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('can send both in the form', async () => {
    const { asked } = await oauth('{"client_id":"i","client_secret":"s"}', { style: 'body' });
    expect(asked?.form).toMatchObject({ client_id: 'i', client_secret: 's' });
    expect(asked?.headers).not.toHaveProperty('authorization');
  });

  it('says that there is no credential', async () => {
    expect((await oauth('')).failure).toMatch(/give the provider a key/);
  });
});

describe('ibm-iam', () => {
  it('exchanges an API key for a token', async () => {
    const { result, asked } = await ask(signed(ibmIam.open?.('k', {}, endpoint.host)));
    expect(result).toEqual({ authorization: 'Bearer token-1' });
    expect(asked).toMatchObject({
      url: 'https://iam.cloud.ibm.com/identity/token',
      form: { grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: 'k' },
    });
  });
});

describe('signers that look at the path', () => {
  it('query adds the key to the query, encoded', () => {
    for (const [path, expected] of [
      ['/v1/x', '/v1/x?key=a%2Fb'],
      ['/v1/x?alt=sse', '/v1/x?alt=sse&key=a%2Fb'],
    ] as const) {
      const request = aRequest(path);
      query.sign?.(request, 'a/b', { parameter: 'key' });
      expect(request.path).toBe(expected);
    }
    expect(() => query.sign?.(aRequest(), 'secret', {})).toThrow(/signerOptions\.parameter/);
  });

  it('google-api-key sends a bearer token where the Gemini API speaks as OpenAI does', () => {
    for (const [path, expected] of [
      ['/v1beta/models/g:generateContent', ['x-goog-api-key', 'k']],
      ['/v1beta/openai/chat/completions', ['authorization', 'Bearer k']],
    ] as const) {
      const request = aRequest(path);
      googleApiKey.sign?.(request, 'k', {});
      expect(request.headers.slice(2)).toEqual(expected);
    }
  });
});
