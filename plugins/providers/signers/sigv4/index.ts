import { headerOf, type Signer, type UpstreamRequest } from '@headgate/sdk';
import { type AwsCredential, type AwsKeys, parseCredential } from './credential.js';
import { type Scope, SigningKey, signRequest } from './signature.js';
import { TemporaryKeys } from './temporary-keys.js';

/** What is known about one provider key; made at its first use. */
interface Known {
  credential: AwsCredential;
  signingKey: SigningKey;
  /** Null for keys that stand in the credential itself. */
  temporary: TemporaryKeys | null;
  scope: Scope;
}

/** More credentials than any configuration holds: old ones of reloads are forgotten then. */
const MOST_KNOWN = 1000;

/** `bedrock-runtime.us-east-1.amazonaws.com`, `vpce-….bedrock-runtime.us-east-1.vpce.amazonaws.com`, and the like. */
const REGION = /(?:^|\.)[a-z0-9-]+\.([a-z]{2}(?:-[a-z]+)+-\d)\.(?:vpce\.)?(?:amazonaws\.com|api\.aws)/;

function regionOf(options: Record<string, string>, host: string): string {
  const region =
    options['region'] ||
    REGION.exec(host)?.[1] ||
    process.env['AWS_REGION'] ||
    process.env['AWS_DEFAULT_REGION'];
  if (!region) throw new Error("signer 'sigv4' needs signerOptions.region, the AWS region to sign for");
  return region;
}

/** Where the request goes, which is part of what is signed. Set by the gateway, else by the row's `host`. */
function hostOf(request: UpstreamRequest, options: Record<string, string>): string {
  const host = headerOf(request.headers, 'host') ?? options['host'];
  if (!host) throw new Error("signer 'sigv4' needs the header 'host' or signerOptions.host");
  return host;
}

/**
 * AWS Signature Version 4, with every way AWS has to come by credentials; {@link parseCredential} tells their forms.
 *
 * Options: `service` (`bedrock`), `region` and `host`, which are only needed where the request does not tell them.
 */
export function createSigV4(now: () => number = Date.now): Signer {
  const all = new Map<string, Known>();

  function known(value: string, options: Record<string, string>, host: string): Known {
    const region = regionOf(options, host);
    const service = options['service'] ?? 'bedrock';
    const id = `${region}/${service}/${value}`;
    let found = all.get(id);
    if (found === undefined) {
      const credential = parseCredential(value);
      const own = credential.kind === 'static' || credential.kind === 'bearer';
      const temporary = own ? null : new TemporaryKeys(credential, region, undefined, now);
      found = { credential, signingKey: new SigningKey(), temporary, scope: { region, service } };
      if (all.size >= MOST_KNOWN) all.clear();
      all.set(id, found);
    }
    return found;
  }

  return {
    id: 'sigv4',
    ofMachine: (credential) => /^($|profile:|arn:)/.test(credential),
    fixed(value) {
      const credential = parseCredential(value);
      return credential.kind === 'bearer' ? ['authorization', `Bearer ${credential.token}`] : [];
    },
    sign(request, value, options) {
      // An API key is in the headers already.
      if (headerOf(request.headers, 'authorization') !== undefined) return undefined;
      // The hash of the whole body is part of what is signed.
      if (request.upload !== undefined)
        throw new Error("signer 'sigv4' cannot sign a body that is still coming; use an API key instead");
      const host = hostOf(request, options);
      const { credential, signingKey, temporary, scope } = known(value, options, host);
      // What is signed is what is sent.
      if (headerOf(request.headers, 'host') === undefined) request.headers.push('host', host);
      const signWith = (keys: AwsKeys): void => signRequest(request, keys, scope, signingKey, now());
      if (credential.kind === 'static') return signWith(credential.keys);
      const keys = temporary?.get();
      if (keys === undefined) return undefined;
      return keys instanceof Promise ? keys.then(signWith) : signWith(keys);
    },
  };
}

export const sigv4: Signer = createSigV4();
