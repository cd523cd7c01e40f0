import type { SignerFailure } from '@headgate/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { googleSigner } from '../../plugins/providers/signers/google/index.js';
import { SigningKey, signRequest } from '../../plugins/providers/signers/sigv4/signature.js';
import { signed, TokenEndpoint } from './token-endpoint.js';

const AUDIENCE = '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/p';
const IMPERSONATE =
  'https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/gate@p.iam.gserviceaccount.com:generateAccessToken';
const account = {
  type: 'external_account',
  audience: AUDIENCE,
  subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
  token_url: 'https://sts.googleapis.com/v1/token',
};

let endpoint: TokenEndpoint;
let files: Record<string, string>;
beforeEach(() => {
  endpoint = new TokenEndpoint();
  files = { '/var/run/token': 'subject-jwt\n' };
});

async function google(credential: object, env: Record<string, string> = {}) {
  const environment = {
    env,
    readFile: async (path: string) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return text;
    },
  };
  const signer = googleSigner(environment).open?.(JSON.stringify(credential), {}, endpoint.host);
  const result = await signed(signer);
  return { result, failure: (result as SignerFailure).message };
}

describe('an external account', () => {
  it('exchanges the token of a file, read anew each time, at the security token service', async () => {
    const { result } = await google({
      ...account,
      credential_source: { file: '/var/run/token' },
      quota_project_id: 'billing',
    });
    expect(result).toEqual({ authorization: 'Bearer token-1', 'x-goog-user-project': 'billing' });
    expect(endpoint.asked).toHaveLength(1);
    expect(endpoint.asked[0]).toMatchObject({ method: 'POST', url: account.token_url });
    expect(endpoint.asked[0]?.form).toEqual({
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      audience: AUDIENCE,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      subject_token_type: account.subject_token_type,
      subject_token: 'subject-jwt',
    });
  });

  it('takes the token out of the JSON that a URL answers with the headers it wants', async () => {
    endpoint.answer = ({ url }) =>
      url.startsWith('http://169.254.169.254')
        ? { body: { access_token: 'azure-jwt' } }
        : { body: { access_token: 'google', expires_in: 3600 } };
    const { result } = await google({
      ...account,
      credential_source: {
        url: 'http://169.254.169.254/metadata/identity/oauth2/token?resource=x',
        headers: { Metadata: 'True' },
        format: { type: 'json', subject_token_field_name: 'access_token' },
      },
    });
    expect(result).toEqual({ authorization: 'Bearer google' });
    expect(endpoint.asked[0]?.headers).toEqual({ Metadata: 'True' });
    expect(endpoint.asked[1]?.form['subject_token']).toBe('azure-jwt');
  });

  it('becomes the service account it may impersonate, for as long as wished', async () => {
    endpoint.answer = ({ url }) =>
      url === IMPERSONATE
        ? { body: { accessToken: 'of-the-account', expireTime: '2026-05-01T12:10:00Z' } }
        : { body: { access_token: 'federated', expires_in: 3600 } };
    const { result } = await google({
      ...account,
      credential_source: { file: '/var/run/token' },
      service_account_impersonation_url: IMPERSONATE,
      service_account_impersonation: { token_lifetime_seconds: 600 },
    });
    expect(result).toEqual({ authorization: 'Bearer of-the-account' });
    expect(endpoint.asked[1]).toMatchObject({ method: 'POST', url: IMPERSONATE });
    expect(endpoint.asked[1]?.headers).toMatchObject({
      authorization: 'Bearer federated',
      'content-type': 'application/json',
    });
    expect(JSON.parse(endpoint.asked[1]?.body ?? '')).toEqual({
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: '600s',
    });
  });

  it('proves an AWS identity by a signed request that Google sends itself', async () => {
    endpoint.answer = ({ url, method }) => {
      if (method === 'PUT') return { body: 'session' };
      if (url.includes('placement')) return { body: 'us-east-2b' };
      return { body: { access_token: 'google', expires_in: 3600 } };
    };
    const { result } = await google(
      {
        ...account,
        subject_token_type: 'urn:ietf:params:aws:token-type:aws4_request',
        credential_source: {
          environment_id: 'aws1',
          region_url: 'http://169.254.169.254/latest/meta-data/placement/availability-zone',
          imdsv2_session_token_url: 'http://169.254.169.254/latest/api/token',
          regional_cred_verification_url:
            'https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15',
        },
      },
      { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'st' },
    );
    expect(result).toEqual({ authorization: 'Bearer google' });
    expect(endpoint.asked[1]?.headers).toEqual({ 'x-aws-ec2-metadata-token': 'session' });
    const proof = JSON.parse(decodeURIComponent(endpoint.asked[2]?.form['subject_token'] ?? ''));
    expect(proof.method).toBe('POST');
    expect(proof.url).toBe(
      'https://sts.us-east-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15',
    );
    const headers = Object.fromEntries(
      proof.headers.map(({ key, value }: { key: string; value: string }) => [key, value]),
    );
    expect(headers['x-goog-cloud-target-resource']).toBe(AUDIENCE);
    const again = {
      method: 'POST',
      path: '/?Action=GetCallerIdentity&Version=2011-06-15',
      headers: ['host', 'sts.us-east-2.amazonaws.com'],
      body: null,
    };
    const keys = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', sessionToken: 'st' };
    signRequest(again, keys, { region: 'us-east-2', service: 'sts' }, new SigningKey(), endpoint.now);
    expect(headers['authorization']).toBe(again.headers[again.headers.indexOf('authorization') + 1]);
    expect(headers['x-amz-security-token']).toBe('st');
  });

  it.each([
    [{}, 'the external account lacks credential_source'],
    [
      { credential_source: { executable: { command: 'rm -rf /' } } },
      'credential_source of the external account names neither file, url nor environment_id; a program is not run',
    ],
    [{ credential_source: { file: '/gone' } }, '/gone (credential_source.file) cannot be read (ENOENT)'],
    [
      {
        credential_source: {
          file: '/var/run/token',
          format: { type: 'json', subject_token_field_name: 'id_token' },
        },
      },
      '/var/run/token (credential_source.file) has no text "id_token"',
    ],
    [
      { token_url: 'http://evil.example', credential_source: { file: '/var/run/token' } },
      'token_url of the credentials is not https',
    ],
    [
      { credential_source: { environment_id: 'aws2' } },
      'credential_source.environment_id "aws2" is not known',
    ],
  ])('says what is wrong with %j', async (more, message) => {
    expect((await google({ ...account, ...more })).failure).toBe(message);
    expect(endpoint.asked).toHaveLength(0);
  });

  it('does not repeat the token it sent, even where the service does', async () => {
    endpoint.answer = () => ({
      status: 400,
      body: { error: 'invalid_grant', error_description: 'bad token subject-jwt' },
    });
    const { failure } = await google({ ...account, credential_source: { file: '/var/run/token' } });
    expect(failure).toBe("Google's security token service answered 400 (invalid_grant, bad token ***)");
  });
});

it('an impersonated service account is asked for with the credentials it names', async () => {
  endpoint.answer = ({ url }) =>
    url === IMPERSONATE
      ? { body: { accessToken: 'of-the-account', expireTime: '2026-05-01T13:00:00Z' } }
      : { body: { access_token: 'of-the-user', expires_in: 3600 } };
  const { result } = await google({
    type: 'impersonated_service_account',
    service_account_impersonation_url: IMPERSONATE,
    delegates: ['projects/-/serviceAccounts/middle@p.iam.gserviceaccount.com'],
    source_credentials: { type: 'authorized_user', client_id: 'c', client_secret: 's', refresh_token: 'r' },
  });
  expect(result).toEqual({ authorization: 'Bearer of-the-account' });
  expect(endpoint.asked[1]?.headers['authorization']).toBe('Bearer of-the-user');
  expect(JSON.parse(endpoint.asked[1]?.body ?? '')).toMatchObject({
    delegates: ['projects/-/serviceAccounts/middle@p.iam.gserviceaccount.com'],
    lifetime: '3600s',
  });
});
