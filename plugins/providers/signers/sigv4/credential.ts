/** What a provider key of AWS says. */
export type AwsCredential =
  /** A Bedrock API key, sent as it is. */
  | { kind: 'bearer'; token: string }
  | { kind: 'static'; keys: AwsKeys }
  /** The default chain: environment, shared files, web identity, containers, instance metadata. */
  | { kind: 'chain'; profile?: string }
  | { kind: 'role'; arn: string; externalId?: string; sessionName?: string; profile?: string };

export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

const FORMS =
  "a Bedrock API key, 'ACCESS_KEY_ID:SECRET' or 'ACCESS_KEY_ID:SECRET:SESSION_TOKEN', 'profile:NAME', a role's ARN " +
  "(with '?external_id=…&session_name=…&profile=…' if need be), or nothing for the default chain";

const KEYS = /^((?:AKIA|ASIA)[A-Z0-9]{12,124}):([^:\s]+)(?::([^:\s]+))?$/;
const ROLE = /^(arn:[a-z-]+:iam::\d{12}:role\/[\w+=,.@/-]+)(?:\?(.*))?$/;
const ROLE_OPTIONS = new Set(['external_id', 'session_name', 'profile']);

function role(arn: string, query: string): AwsCredential {
  const credential: Extract<AwsCredential, { kind: 'role' }> = { kind: 'role', arn };
  const options = new URLSearchParams(query);
  for (const [name] of options)
    if (!ROLE_OPTIONS.has(name))
      throw new Error(`an AWS role has no option '${name}'; there are ${[...ROLE_OPTIONS].join(', ')}`);
  const externalId = options.get('external_id');
  if (externalId) credential.externalId = externalId;
  const sessionName = options.get('session_name');
  if (sessionName) credential.sessionName = sessionName;
  const profile = options.get('profile');
  if (profile) credential.profile = profile;
  return credential;
}

/** @throws Error that names the forms there are, and never the value. */
export function parseCredential(value: string): AwsCredential {
  if (value === '') return { kind: 'chain' };
  if (value.startsWith('profile:') && value.length > 'profile:'.length)
    return { kind: 'chain', profile: value.slice('profile:'.length) };
  const keys = KEYS.exec(value);
  if (keys !== null) {
    const [, accessKeyId = '', secretAccessKey = '', sessionToken] = keys;
    return {
      kind: 'static',
      keys: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    };
  }
  const named = ROLE.exec(value);
  if (named !== null) return role(named[1] as string, named[2] ?? '');
  // What looks like one of the forms above but is not must not leave for AWS as a bearer token.
  if (/^(AKIA|ASIA|arn:|profile:)/.test(value) || /\s/.test(value))
    throw new Error(`an AWS credential must be ${FORMS}`);
  return { kind: 'bearer', token: value };
}
