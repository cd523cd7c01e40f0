import type { HeaderList, Signer, SignerHost, UpstreamRequest } from '@headgate/sdk';

export type Sign = (request: UpstreamRequest) => void | Promise<void>;

/** What a signer makes of one credential at boot. */
export interface OpenCredential {
  /** The same for every request. */
  readonly headers: HeaderList;
  /** What each request needs beside them; null when nothing. */
  readonly sign: Sign | null;
  /** It must see the body of each request. */
  readonly signsBody: boolean;
}

export function openCredential(
  signer: Signer,
  credential: string,
  options: Record<string, string>,
  host: SignerHost,
): OpenCredential {
  const headers = signer.fixed?.(credential, options) ?? [];
  const open = signer.open?.(credential, options, host);
  const signsBody = signer.withoutBody !== true;
  if (open !== undefined) return { headers, signsBody, sign: (request) => open.sign(request) };
  const { sign } = signer;
  if (sign === undefined) return { headers, signsBody: false, sign: null };
  return { headers, signsBody, sign: (request) => sign.call(signer, request, credential, options) };
}
