import { SignerFailure, type SignerHost } from '@headgate/sdk';
import { askToken } from './ask-token.js';
import { needed } from './credential-json.js';
import type { Environment } from './environment.js';
import type { Token } from './token-source.js';

/** Where the metadata server of Azure's machines is; it answers at once or is not there. */
const METADATA = 'http://169.254.169.254/metadata/identity/oauth2/token';
const METADATA_TIMEOUT_MS = 3_000;
const JWT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/**
 * A token of Entra ID, in the order in which Azure's own libraries look: a service principal (given, or AZURE_TENANT_ID,
 * AZURE_CLIENT_ID and AZURE_CLIENT_SECRET), workload identity (AZURE_FEDERATED_TOKEN_FILE), managed identity.
 */
export async function entraToken(
  given: Record<string, string> | null,
  scope: string,
  host: SignerHost,
  { env, readFile }: Environment,
): Promise<Token> {
  if (given !== null) {
    const principal = needed(given, ['tenant_id', 'client_id', 'client_secret'], 'the service principal');
    const { tenant_id: tenant, client_id: id, client_secret: secret } = principal;
    return ofTenant(tenant, { client_id: id, client_secret: secret });
  }
  const tenant = env['AZURE_TENANT_ID'];
  const id = env['AZURE_CLIENT_ID'];
  const secret = env['AZURE_CLIENT_SECRET'];
  if (tenant && id && secret) return ofTenant(tenant, { client_id: id, client_secret: secret });
  const file = env['AZURE_FEDERATED_TOKEN_FILE'];
  if (tenant && id && file) {
    // Read anew each time: the platform replaces it every hour.
    const assertion = await readFile(file).catch(() => {
      throw new SignerFailure(`${file} (AZURE_FEDERATED_TOKEN_FILE) cannot be read`);
    });
    return ofTenant(tenant, {
      client_id: id,
      client_assertion_type: JWT_ASSERTION,
      client_assertion: assertion.trim(),
    });
  }
  return managed(id);

  function ofTenant(name: string, form: Record<string, string>): Promise<Token> {
    const authority = (env['AZURE_AUTHORITY_HOST'] ?? 'https://login.microsoftonline.com').replace(
      /\/+$/,
      '',
    );
    const url = `${authority}/${encodeURIComponent(name)}/oauth2/v2.0/token`;
    return askToken(host, {
      who: 'Entra ID',
      url,
      form: { grant_type: 'client_credentials', scope, ...form },
      secrets: [form['client_secret'] ?? '', form['client_assertion'] ?? ''],
    });
  }

  /** `client` chooses among several identities of a machine. */
  function managed(client: string | undefined): Promise<Token> {
    const query = new URLSearchParams({ resource: scope.replace(/\/\.default$/, '') });
    if (client) query.set('client_id', client);
    const endpoint = env['IDENTITY_ENDPOINT'];
    const secretHeader = env['IDENTITY_HEADER'];
    if (endpoint && secretHeader) {
      query.set('api-version', '2019-08-01');
      return askToken(host, {
        who: 'the managed identity of App Service',
        url: `${endpoint}?${query}`,
        headers: { 'x-identity-header': secretHeader },
        secrets: [secretHeader],
      });
    }
    query.set('api-version', '2018-02-01');
    return askToken(host, {
      who: 'the managed identity of this machine (there is no key, and no service principal in AZURE_…)',
      url: `${METADATA}?${query}`,
      headers: { metadata: 'true' },
      secrets: [],
      timeoutMs: METADATA_TIMEOUT_MS,
    });
  }
}
