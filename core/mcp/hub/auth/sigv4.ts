import type { Signer, UpstreamRequest } from '@headgate/sdk';
import type { McpAuthConfig } from '../../../config/mcp-auth-config.js';
import { CredentialError, type Credentials, NO_CREDENTIALS } from './credentials.js';

/** Requests that are signed for AWS, by the signer that providers have. */
export function awsCredentials(
  server: string,
  { service, region, key }: Extract<McpAuthConfig, { kind: 'sigv4' }>,
  signer: Signer,
): Credentials {
  const credential = key.reveal();
  return {
    ...NO_CREDENTIALS,
    sign: async ({ method, url, headers, body }) => {
      const request: UpstreamRequest = {
        method,
        path: url.pathname + url.search,
        headers: [...headers].flat(),
        body: body === null ? null : Buffer.from(body),
      };
      // What is sent as this is no header of `fetch`.
      request.headers.push('host', url.host);
      const known = request.headers.length;
      try {
        request.headers.push(...(signer.fixed?.(credential, { service, region }) ?? []));
        await signer.sign?.(request, credential, { service, region });
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new CredentialError({ code: 'mcp_server_unavailable', details: { server, why }, sent: false });
      }
      for (let at = known; at < request.headers.length; at += 2)
        headers.set(request.headers[at] as string, request.headers[at + 1] as string);
    },
    secrets: () => (credential === '' ? [] : [credential, ...credential.split(':').slice(1)]),
  };
}
