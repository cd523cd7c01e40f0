import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { type JsonObject, needed, textsOf } from '../credential-json.js';
import type { Environment } from '../environment.js';
import { reach } from '../reach.js';
import type { AwsKeys } from '../sigv4/credential.js';
import { SigningKey, signRequest } from '../sigv4/signature.js';
import { TemporaryKeys } from '../sigv4/temporary-keys.js';

const SESSION_S = '300';
const METADATA = "AWS's metadata service";

/**
 * What Google takes as proof of an AWS identity: a signed request for GetCallerIdentity, not sent but written down, which
 * Google sends itself (https://docs.cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds).
 */
export async function awsSubjectToken(
  source: JsonObject,
  audience: string,
  host: SignerHost,
  environment: Environment,
): Promise<string> {
  const texts = textsOf(source);
  if (texts['environment_id'] !== 'aws1')
    throw new SignerFailure(
      `credential_source.environment_id ${JSON.stringify(texts['environment_id'])} is not known`,
    );
  const { regional_cred_verification_url: pattern } = needed(
    texts,
    ['regional_cred_verification_url'],
    'credential_source of the external account',
  );
  const region = await regionOf(texts, host, environment);
  const keys = await keysOf(region, environment);
  const url = new URL(pattern.replace('{region}', region));
  const request = {
    method: 'POST',
    path: `${url.pathname}${url.search}`,
    headers: ['host', url.host],
    body: null,
  };
  signRequest(request, keys, { region, service: 'sts' }, new SigningKey(), host.clock.now());
  const { headers } = request;
  headers.push('x-goog-cloud-target-resource', audience);
  const pairs = Array.from({ length: headers.length / 2 }, (_, at) => ({
    key: headers[2 * at],
    value: headers[2 * at + 1],
  }));
  return encodeURIComponent(JSON.stringify({ url: url.href, method: 'POST', headers: pairs }));
}

async function keysOf(region: string, { env }: Environment): Promise<AwsKeys> {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  const sessionToken = env['AWS_SESSION_TOKEN'];
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  try {
    return await new TemporaryKeys({ kind: 'chain' }, region).get();
  } catch (error) {
    throw new SignerFailure((error as Error).message);
  }
}

async function regionOf(
  source: Record<string, string>,
  host: SignerHost,
  { env }: Environment,
): Promise<string> {
  const named = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'];
  if (named) return named;
  const { region_url: url, imdsv2_session_token_url: sessionUrl } = source;
  if (url === undefined)
    throw new SignerFailure('neither AWS_REGION nor credential_source.region_url says the region');
  const session =
    sessionUrl === undefined
      ? null
      : await metadata(host, sessionUrl, 'PUT', { 'x-aws-ec2-metadata-token-ttl-seconds': SESSION_S });
  const zone = await metadata(
    host,
    url,
    'GET',
    session === null ? {} : { 'x-aws-ec2-metadata-token': session },
  );
  // us-east-2b is a zone of the region us-east-2.
  return zone.slice(0, -1);
}

async function metadata(
  host: SignerHost,
  url: string,
  method: string,
  headers: Record<string, string>,
): Promise<string> {
  const answer = await reach(host, METADATA, url, { method, headers });
  if (answer.status !== 200) throw new SignerFailure(`${METADATA} answered ${answer.status}`);
  return (await answer.text()).trim();
}
