import type { AwsCredential, AwsKeys } from './credential.js';

/** Keys that AWS gave for a time; without `expiration` they last until the provider is asked again. */
interface Temporary extends AwsKeys {
  expiration?: Date | undefined;
}

type Source = () => Promise<Temporary>;

/** Keys are renewed in the background this long before they end. */
const RENEW_MS = 5 * 60_000;
/** Keys that say no end: those of a file may have been rotated. */
const ASK_AGAIN_MS = 10 * 60_000;
/** A failure is told again for this long, since a chain that ends at the instance metadata takes seconds to fail. */
const FAILURE_MS = 5_000;

/** Loaded when first needed: most gateways have no AWS provider, and this is by far the largest dependency. */
async function sourceOf(credential: AwsCredential, region: string): Promise<Source> {
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const clientConfig = { region };
  if (credential.kind !== 'role') {
    const profile = credential.kind === 'chain' ? credential.profile : undefined;
    return fromNodeProviderChain({ clientConfig, ...(profile === undefined ? {} : { profile }) });
  }
  const { arn, externalId, sessionName, profile } = credential;
  const masterCredentials = fromNodeProviderChain({
    clientConfig,
    ...(profile === undefined ? {} : { profile }),
  });
  return fromTemporaryCredentials({
    clientConfig,
    masterCredentials,
    params: {
      RoleArn: arn,
      RoleSessionName: sessionName ?? 'headgate',
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
  });
}

/** The keys of one credential, kept until shortly before they end. */
export class TemporaryKeys {
  private source: Promise<Source> | null = null;
  private keys: AwsKeys | null = null;
  private renewAt = 0;
  private endsAt = 0;
  private pending: Promise<AwsKeys> | null = null;
  private failure: Error | null = null;
  private failedAt = 0;

  constructor(
    private readonly credential: AwsCredential,
    private readonly region: string,
    private readonly load: typeof sourceOf = sourceOf,
    private readonly now: () => number = Date.now,
  ) {}

  /** The keys if they are there, else a promise of them. Throws or rejects when AWS gives none. */
  get(): AwsKeys | Promise<AwsKeys> {
    const now = this.now();
    if (this.keys !== null && now < this.endsAt) {
      // A failure leaves the old keys in use until they end.
      if (now >= this.renewAt && this.mayTry(now)) this.renew().catch(() => {});
      return this.keys;
    }
    if (this.pending === null && this.failure !== null && !this.mayTry(now)) throw this.failure;
    return this.renew();
  }

  private mayTry(now: number): boolean {
    return this.failure === null || now - this.failedAt >= FAILURE_MS;
  }

  private renew(): Promise<AwsKeys> {
    this.pending ??= this.fetch().finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  private async fetch(): Promise<AwsKeys> {
    try {
      this.source ??= this.load(this.credential, this.region);
      const found = await (await this.source)();
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = found;
      const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
      const now = this.now();
      this.endsAt = expiration?.getTime() ?? Number.POSITIVE_INFINITY;
      this.renewAt = expiration === undefined ? now + ASK_AGAIN_MS : this.endsAt - RENEW_MS;
      this.failure = null;
      this.keys = keys;
      return keys;
    } catch (cause) {
      this.source = null;
      this.failedAt = this.now();
      this.failure = new Error(`AWS gave no credentials: ${(cause as Error).message}`, { cause });
      throw this.failure;
    }
  }
}
