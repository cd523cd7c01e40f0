import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { askToken } from '../ask-token.js';
import { type JsonObject, needed, textsOf } from '../credential-json.js';
import type { Environment } from '../environment.js';
import type { Token } from '../token-source.js';
import { awsSubjectToken } from './aws-subject-token.js';
import { subjectToken } from './subject-token.js';
import { secure } from './token-url.js';

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * Workload or workforce identity federation (https://google.aip.dev/auth/4117): what another identity provider says of this
 * machine, exchanged for a token of Google.
 */
export async function fromExternalAccount(
  file: JsonObject,
  scope: string,
  host: SignerHost,
  environment: Environment,
): Promise<Token> {
  const texts = textsOf(file);
  const names = ['audience', 'subject_token_type', 'token_url'] as const;
  const { audience, subject_token_type, token_url } = needed(texts, names, 'the external account');
  const url = secure(token_url, 'token_url');
  const { credential_source: source } = file;
  if (typeof source !== 'object' || source === null)
    throw new SignerFailure('the external account lacks credential_source');
  const subject = source as JsonObject;
  const aws = textsOf(subject)['environment_id'];
  const subject_token =
    aws === undefined
      ? await subjectToken(subject, host, environment)
      : await awsSubjectToken(subject, audience, host, environment);
  const { client_id, client_secret, workforce_pool_user_project, quota_project_id } = texts;
  return askToken(host, {
    who: "Google's security token service",
    url,
    ...(client_id &&
      client_secret && {
        headers: {
          authorization: `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`,
        },
      }),
    form: {
      grant_type: EXCHANGE,
      audience,
      scope,
      requested_token_type: ACCESS_TOKEN,
      subject_token_type,
      subject_token,
      ...(workforce_pool_user_project && {
        options: JSON.stringify({ userProject: workforce_pool_user_project }),
      }),
    },
    secrets: [subject_token, client_secret ?? ''],
    ...(quota_project_id && { also: ['x-goog-user-project', quota_project_id] }),
  });
}
