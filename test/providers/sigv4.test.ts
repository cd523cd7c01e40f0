import { createHash, createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { headerOf, type UpstreamRequest } from '@headgate/sdk';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCredential } from '../../plugins/providers/signers/sigv4/credential.js';
import { createSigV4 } from '../../plugins/providers/signers/sigv4/index.js';
import { SigningKey, signRequest } from '../../plugins/providers/signers/sigv4/signature.js';

const HOST = 'bedrock-runtime.us-east-1.amazonaws.com';

function request(
  path: string,
  headers: string[] = ['host', HOST],
  body: Buffer | null = null,
): UpstreamRequest {
  return { method: 'POST', path, headers: [...headers], body };
}

describe('a signature', () => {
  // AWS's own test suite for Signature Version 4.
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
  const scope = { region: 'us-east-1', service: 'service' };
  const now = Date.UTC(2015, 7, 30, 12, 36, 0);
  const host = ['host', 'example.amazonaws.com'];
  const cases: [string, UpstreamRequest, string, string][] = [
    [
      'get-vanilla',
      { method: 'GET', path: '/', headers: [...host], body: null },
      'host;x-amz-date',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'get-vanilla-query-order-key-case',
      { method: 'GET', path: '/?Param2=value2&Param1=value1', headers: [...host], body: null },
      'host;x-amz-date',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-relative-relative',
      { method: 'GET', path: '/example1/example2/../..', headers: [...host], body: null },
      'host;x-amz-date',
      '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
    ],
    [
      'post-vanilla',
      { method: 'POST', path: '/', headers: [...host], body: Buffer.alloc(0) },
      'host;x-amz-date',
      '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
    ],
    [
      'post-x-www-form-urlencoded',
      {
        method: 'POST',
        path: '/',
        headers: ['content-type', 'application/x-www-form-urlencoded', ...host],
        body: Buffer.from('Param1=value1'),
      },
      'content-type;host;x-amz-date',
      'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
    ],
  ];
  for (const [name, signed, names, signature] of cases)
    it(`is that of AWS's test suite for ${name}`, () => {
      signRequest(signed, keys, scope, new SigningKey(), now);
      expect(headerOf(signed.headers, 'x-amz-date')).toBe('20150830T123600Z');
      expect(headerOf(signed.headers, 'authorization')).toBe(
        `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${names}, Signature=${signature}`,
      );
    });

  class Sha256 {
    private readonly hash;
    constructor(secret?: Uint8Array | string) {
      this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
    }
    update(data: Uint8Array): void {
      this.hash.update(data);
    }
    digest(): Promise<Uint8Array> {
      return Promise.resolve(this.hash.digest());
    }
    reset(): void {}
  }

  const segment = fc.oneof(
    fc.string({ maxLength: 8 }).map(encodeURIComponent),
    fc.constantFrom('model', 'anthropic.claude-v2%3A1', 'arn%3Aaws%3Abedrock%2Fx', "a!'()*"),
  );
  const word = fc.string({ minLength: 1, maxLength: 6 });
  const query = fc.dictionary(word, word, { maxKeys: 3, noNullPrototype: true });
  const amz = fc.dictionary(fc.stringMatching(/^x-amz-[a-z]{1,5}$/), fc.stringMatching(/^[ -~]{1,12}$/), {
    maxKeys: 2,
    noNullPrototype: true,
  });

  it("is that of the SDK's signer for any request", async () => {
    const scope = { region: 'eu-central-1', service: 'bedrock' };
    const signingKey = new SigningKey();
    await fc.assert(
      fc.asyncProperty(
        fc.array(segment, { maxLength: 4 }),
        query,
        amz,
        fc.option(word, { nil: undefined }),
        fc.uint8Array({ maxLength: 30 }),
        fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
        async (segments, params, extra, sessionToken, body, date) => {
          const keys = {
            accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
            secretAccessKey: 'se/cr+et',
            ...(sessionToken === undefined ? {} : { sessionToken }),
          };
          const path = `/${segments.join('/')}`;
          const search = Object.entries(params)
            .map((pair) => pair.map(encodeURIComponent).join('='))
            .join('&');
          const headers = { host: HOST, 'content-type': 'application/json', ...extra };
          const ours = request(
            search === '' ? path : `${path}?${search}`,
            Object.entries(headers).flat(),
            Buffer.from(body),
          );
          signRequest(ours, keys, scope, signingKey, date.getTime());
          const sdk = new SignatureV4({
            ...scope,
            credentials: keys,
            sha256: Sha256 as never,
            applyChecksum: false,
          });
          const theirs = (await sdk.sign(
            {
              method: 'POST',
              protocol: 'https:',
              hostname: HOST,
              path,
              query: params,
              headers,
              body,
            } as never,
            { signingDate: date },
          )) as unknown as { headers: Record<string, string> };
          expect(headerOf(ours.headers, 'authorization')).toBe(theirs.headers['authorization']);
          expect(headerOf(ours.headers, 'x-amz-date')).toBe(theirs.headers['x-amz-date']);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('an AWS credential', () => {
  it('has a form for each way to come by one', () => {
    expect(parseCredential('')).toEqual({ kind: 'chain' });
    expect(parseCredential('profile:work')).toEqual({ kind: 'chain', profile: 'work' });
    expect(parseCredential('AKIAIOSFODNN7EXAMPLE:se/cr+et=')).toEqual({
      kind: 'static',
      keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'se/cr+et=' },
    });
    expect(parseCredential('ASIAIOSFODNN7EXAMPLE:s:to/ken==')).toMatchObject({
      keys: { secretAccessKey: 's', sessionToken: 'to/ken==' },
    });
    expect(
      parseCredential('arn:aws:iam::123456789012:role/team/Gate?external_id=x%20y&session_name=s&profile=p'),
    ).toEqual({
      kind: 'role',
      arn: 'arn:aws:iam::123456789012:role/team/Gate',
      externalId: 'x y',
      sessionName: 's',
      profile: 'p',
    });
    expect(parseCredential('ABSKQmVkcm9jaw==')).toEqual({ kind: 'bearer', token: 'ABSKQmVkcm9jaw==' });
  });

  it('that is malformed is refused without being told', () => {
    for (const value of [
      'AKIAIOSFODNN7EXAMPLE',
      'AKIAIOSFODNN7EXAMPLE:',
      'arn:aws:iam::1:role/x',
      'profile:',
      'two words',
    ])
      expect(() => parseCredential(value)).toThrow(/^an AWS credential must be (?!.*(EXAMPLE|words))/);
    expect(() => parseCredential('arn:aws:iam::123456789012:role/x?extern=1')).toThrow("no option 'extern'");
  });
});

describe('the signer sigv4', () => {
  const now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
  const value = 'AKIAIOSFODNN7EXAMPLE:secret';

  it('signs with keys at once, for the host that the request goes to', () => {
    const signer = createSigV4(now);
    expect(signer.fixed?.(value, {})).toEqual([]);
    const signed = request('/model/m/converse');
    expect(signer.sign?.(signed, value, {})).toBeUndefined();
    expect(headerOf(signed.headers, 'authorization')).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE\/20260102\/us-east-1\/bedrock\/aws4_request, SignedHeaders=host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
  });

  it('sends the host of the row where the gateway names none, and the region of the options before that of the host', () => {
    const signed = request('/', []);
    createSigV4(now).sign?.(signed, value, {
      host: 'proxy.example.com',
      region: 'eu-west-1',
      service: 'other',
    });
    expect(headerOf(signed.headers, 'host')).toBe('proxy.example.com');
    expect(headerOf(signed.headers, 'authorization')).toContain('/eu-west-1/other/aws4_request');
  });

  it('finds the region in the hosts that AWS has', () => {
    const signer = createSigV4(now);
    const region = (host: string) => {
      const signed = request('/', ['host', host]);
      signer.sign?.(signed, value, {});
      return /\d{8}\/([^/]+)/.exec(headerOf(signed.headers, 'authorization') ?? '')?.[1];
    };
    expect(region('bedrock-runtime-fips.us-gov-west-1.amazonaws.com')).toBe('us-gov-west-1');
    expect(region('vpce-1-a.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com')).toBe('ap-southeast-2');
    expect(region('bedrock-runtime.cn-north-1.amazonaws.com.cn')).toBe('cn-north-1');
  });

  it('asks for what it cannot know', () => {
    const signer = createSigV4(now);
    const before = { ...process.env };
    delete process.env['AWS_REGION'];
    delete process.env['AWS_DEFAULT_REGION'];
    try {
      expect(() => signer.sign?.(request('/', []), value, {})).toThrow("needs the header 'host'");
      expect(() => signer.sign?.(request('/', ['host', 'localhost']), value, {})).toThrow(
        'signerOptions.region',
      );
    } finally {
      Object.assign(process.env, before);
    }
  });

  it('refuses a body whose hash it cannot know yet', () => {
    const streamed = { ...request('/'), upload: Readable.from(['x']) };
    expect(() => createSigV4(now).sign?.(streamed, value, {})).toThrow('still coming');
  });

  it('sends an API key as it is', () => {
    const signer = createSigV4(now);
    const headers = signer.fixed?.('ABSKkey', {}) as string[];
    expect(headers).toEqual(['authorization', 'Bearer ABSKkey']);
    const signed = request('/', [...headers, 'host', HOST]);
    expect(signer.sign?.(signed, 'ABSKkey', {})).toBeUndefined();
    expect(signed.headers).toEqual([...headers, 'host', HOST]);
  });
});
