import { SignerFailure } from '@headgate/sdk';
import { beforeEach, describe, expect, it } from 'vitest';
import { oauthClientCredentials } from '../../plugins/providers/signers/oauth-client-credentials.js';
import { aRequest, signed, TokenEndpoint } from './token-endpoint.js';

let endpoint: TokenEndpoint;
beforeEach(() => {
  endpoint = new TokenEndpoint();
});
const options = { tokenUrl: 'https://id.example/token' };
const open = () => oauthClientCredentials.open?.('id:s3cret-s3cret', options, endpoint.host);

describe('a signer with a token', () => {
  it('asks nobody before the first request, and makes no promise while the token is good', async () => {
    const signer = open();
    expect(endpoint.asked).toHaveLength(0);
    expect(await signed(signer)).toEqual({ authorization: 'Bearer token-1' });
    const request = aRequest();
    expect(signer?.sign(request)).toBeUndefined();
    expect(request.headers).toEqual(['content-type', 'application/json', 'authorization', 'Bearer token-1']);
    expect(endpoint.asked).toHaveLength(1);
  });

  it('asks once for however many requests wait', async () => {
    endpoint.hold();
    const signer = open();
    const waiting = Array.from({ length: 50 }, () => signed(signer));
    endpoint.release();
    const headers = await Promise.all(waiting);
    expect(new Set(headers.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ authorization: 'Bearer token-1' })]),
    );
    expect(endpoint.asked).toHaveLength(1);
  });

  it('renews a token before its end, and uses the old one meanwhile', async () => {
    const signer = open();
    await signed(signer);
    endpoint.now += 3600_000 - 4 * 60_000;
    const request = aRequest();
    expect(signer?.sign(request)).toBeUndefined();
    expect(request.headers.at(-1)).toBe('Bearer token-1');
    await new Promise(setImmediate);
    expect(await signed(signer)).toEqual({ authorization: 'Bearer token-2' });
    expect(endpoint.asked).toHaveLength(2);
  });

  it('waits for a new one once the old one is as good as over', async () => {
    const signer = open();
    await signed(signer);
    endpoint.now += 3600_000 - 20_000;
    const wait = signer?.sign(aRequest());
    expect(wait).toBeInstanceOf(Promise);
    await wait;
    expect(endpoint.asked).toHaveLength(2);
  });

  it('goes on with the old token when renewing fails', async () => {
    const signer = open();
    await signed(signer);
    endpoint.now += 3600_000 - 4 * 60_000;
    endpoint.answer = () => ({ status: 503, body: 'busy' });
    for (let i = 0; i < 5; i++) {
      expect(await signed(signer)).toEqual({ authorization: 'Bearer token-1' });
      await new Promise(setImmediate);
    }
    // One failure is enough for a second.
    expect(endpoint.asked).toHaveLength(2);
    endpoint.now += 1_500;
    await signed(signer);
    expect(endpoint.asked).toHaveLength(3);
  });

  it('fails all that wait with one failure, and tries again a second later', async () => {
    endpoint.answer = () => ({ status: 500, body: '' });
    const signer = open();
    const failures = await Promise.all([signed(signer), signed(signer), signed(signer)]);
    for (const failure of failures) expect(failure).toBeInstanceOf(SignerFailure);
    expect(await signed(signer)).toBeInstanceOf(SignerFailure);
    expect(endpoint.asked).toHaveLength(1);
    endpoint.now += 1_001;
    endpoint.answer = () => ({ body: { access_token: 'late', expires_in: 60 } });
    expect(await signed(signer)).toEqual({ authorization: 'Bearer late' });
  });
});

describe('what a token endpoint may answer', () => {
  const failureOf = async (status: number, body: unknown): Promise<string> => {
    endpoint.answer = () => ({ status, body });
    const outcome = await signed(open());
    expect(outcome).toBeInstanceOf(SignerFailure);
    return (outcome as SignerFailure).message;
  };

  it('says what the endpoint says is wrong, without anything that looks like a credential', async () => {
    const echoed = 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4';
    const message = await failureOf(401, {
      error: 'invalid_client',
      error_description: `The secret ${echoed} of the client is wrong, and so is s3cret-s3cret`,
    });
    expect(message).toBe(
      'id.example answered 401 (invalid_client, The secret *** of the client is wrong, and so is ***)',
    );
  });

  it.each([
    [502, '<html>Bad gateway</html>', 'id.example answered 502'],
    [200, '<html>Sign in</html>', 'id.example gave no access token'],
    [200, { access_token: 7 }, 'id.example gave no access token'],
    [200, { access_token: 'two\r\nlines' }, 'id.example gave no access token'],
    [200, 'null', 'id.example gave no access token'],
    [302, '', 'id.example answered 302'],
  ])('takes %s %j for a failure', async (status, body, message) => {
    expect(await failureOf(status, body)).toBe(message);
  });

  it('names an endpoint that cannot be reached', async () => {
    endpoint.answer = () => {
      throw new Error('connect ECONNREFUSED 10.0.0.1:443');
    };
    expect(((await signed(open())) as SignerFailure).message).toBe(
      'id.example could not be reached: connect ECONNREFUSED 10.0.0.1:443',
    );
  });

  it.each([
    ['expires_in', '3599', 3599_000],
    ['expires_on', (now: number) => String(now / 1000 + 1000), 1000_000],
    ['expires_at', (now: number) => now + 1000_000, 1000_000],
    ['nothing_of_it', 1, 300_000],
  ] as const)('reads the end of a token from %s', async (name, value, lasts) => {
    const said = typeof value === 'function' ? value(endpoint.now) : value;
    endpoint.answer = () => ({ body: { access_token: 'x', [name]: said } });
    const signer = open();
    await signed(signer);
    // The margin before its end is 30 s; renewing early must not get in the way.
    endpoint.hold();
    endpoint.now += lasts - 31_000;
    expect(signer?.sign(aRequest())).toBeUndefined();
    endpoint.now += 2_000;
    const wait = signer?.sign(aRequest());
    expect(wait).toBeInstanceOf(Promise);
    endpoint.release();
    await wait;
  });
});
