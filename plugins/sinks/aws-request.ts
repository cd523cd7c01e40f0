import type { SinkAnswer, SinkHost, SinkSetting, UpstreamRequest } from '@headgate/sdk';
import { createSigV4 } from '../providers/signers/sigv4/index.js';
import { text } from './setting.js';

/** Settings of all sinks of AWS. */
export const awsSettings: Readonly<Record<string, SinkSetting>> = {
  region: text('region', 'AWS_REGION', 'AWS_DEFAULT_REGION'),
  credential: {
    type: 'secret',
    about:
      '`ACCESS_KEY_ID:SECRET`, `profile:NAME` or the ARN of a role, as with providers; left out: what the environment or the machine has',
  },
  endpoint: { type: 'url', about: 'another address than AWS’s own' },
};

/** Requests to one service, with AWS Signature Version 4. */
export class AwsRequests {
  private readonly signer;

  constructor(
    private readonly host: SinkHost,
    private readonly service: string,
    private readonly region: string,
    private readonly credential: string,
  ) {
    this.signer = createSigV4(() => host.clock.now());
  }

  /** @param headers lower-case names */
  async send(
    url: URL,
    method: 'POST' | 'PUT',
    headers: Readonly<Record<string, string>>,
    body: Buffer,
  ): Promise<SinkAnswer> {
    const request: UpstreamRequest = {
      method,
      path: url.pathname + url.search,
      headers: ['host', url.host, ...Object.entries(headers).flat()],
      body,
    };
    await this.signer.sign?.(request, this.credential, { service: this.service, region: this.region });
    const signed: Record<string, string> = {};
    for (let i = 0; i < request.headers.length; i += 2)
      signed[request.headers[i] as string] = request.headers[i + 1] as string;
    return this.host.post({ url: url.href, method, headers: signed, body });
  }
}
