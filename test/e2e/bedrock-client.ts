import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { KEY } from './beside-openai.js';

/** AWS's client that sends a key in place of a signature. To be destroyed in the end. */
export function bedrockClient(endpoint: string, token = KEY): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    endpoint,
    region: 'us-east-1',
    token: { token },
    authSchemePreference: ['httpBearerAuth'],
    maxAttempts: 1,
    // Its default speaks HTTP/2 without asking, which needs TLS in front of the gateway.
    requestHandler: new NodeHttpHandler(),
  });
}
