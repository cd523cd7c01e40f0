import type { SinkHost, SinkSetting, UpstreamRequest } from '@headgate/sdk';
import { google } from '../providers/signers/google/index.js';

export const googleCredential: SinkSetting = {
  type: 'secret',
  about: 'credentials file, its path or its JSON; left out: application default credentials',
};

/** Headers with a token for Google Cloud, which is asked for when it is needed. */
export class GoogleHeaders {
  private readonly signer;

  constructor(host: SinkHost, credential: string) {
    const { fetch, clock } = host;
    this.signer = google.open?.(credential, {}, { fetch, clock });
  }

  async get(): Promise<Record<string, string>> {
    const request: UpstreamRequest = { method: 'POST', path: '/', headers: [], body: null };
    await this.signer?.sign(request);
    const headers: Record<string, string> = {};
    for (let i = 0; i < request.headers.length; i += 2)
      headers[request.headers[i] as string] = request.headers[i + 1] as string;
    return headers;
  }
}
