import type { SinkAnswer, SinkHost, SinkRequest, SinkSetting, UpstreamRequest } from '@headgate/sdk';
import { google } from '../providers/signers/google/index.js';

export const googleCredential: SinkSetting = {
  type: 'secret',
  about: 'credentials file, its path or its JSON; left out: application default credentials',
};

/** Posts to Google Cloud with a token, which is asked for when it is needed. */
export class GooglePoster {
  private signer;

  constructor(
    private readonly host: SinkHost,
    private readonly credential: string,
  ) {
    this.signer = this.open();
  }

  async post(request: SinkRequest, compress?: boolean): Promise<SinkAnswer> {
    const headers = { ...request.headers, ...(await this.authorization()) };
    const answer = await this.host.post({ ...request, headers }, compress);
    // A token that was taken back: the next try has another.
    if (answer.status === 401) this.signer = this.open();
    return answer;
  }

  private open() {
    const { fetch, clock } = this.host;
    return google.open?.(this.credential, {}, { fetch, clock });
  }

  private async authorization(): Promise<Record<string, string>> {
    const request: UpstreamRequest = { method: 'POST', path: '/', headers: [], body: null };
    await this.signer?.sign(request);
    const headers: Record<string, string> = {};
    for (let i = 0; i < request.headers.length; i += 2)
      headers[request.headers[i] as string] = request.headers[i + 1] as string;
    return headers;
  }
}
