import { SignerFailure, type SignerHost } from '@headgate/sdk';

/** As `host.fetch`, but rejects with a SignerFailure. `who` is for its message: `Google's token endpoint`. */
export async function reach(
  host: SignerHost,
  who: string,
  url: string,
  init: Parameters<SignerHost['fetch']>[1],
): ReturnType<SignerHost['fetch']> {
  try {
    return await host.fetch(url, init);
  } catch (reason) {
    throw new SignerFailure(
      `${who} could not be reached: ${reason instanceof Error ? reason.message : reason}`,
    );
  }
}
