import { SMTPServer } from 'smtp-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startVendors, type Vendors } from '../fakes/alert-vendors.js';
import { type Embedded, embed } from '../gateway/embedded.js';

const ADMIN = 'the-token-of-the-administrator';
const ROUTING_KEY = 'R0UT1NGKEY0123456789ABCDEFGHIJKL';
const GENIE_KEY = '0a1b2c3d-genie-key-4e5f';
const HOOK_PATH = 'T0000-B1111-hook-path';

let vendors: Vendors;
let gateway: Embedded;
let mails = 0;
let refuseMail: string | null = null;
const mailServer = new SMTPServer({
  allowInsecureAuth: true,
  disabledCommands: ['STARTTLS'],
  onAuth: ({ username, password }, _session, done) =>
    password === 'p@ss word'
      ? done(null, { user: username })
      : done(new Error('Invalid username or password')),
  onRcptTo: (_address, _session, done) =>
    refuseMail === null ? done() : done(Object.assign(new Error(refuseMail), { responseCode: 550 })),
  onData(stream, _session, done) {
    stream.resume().once('end', () => {
      mails++;
      done();
    });
  },
});

beforeAll(async () => {
  vendors = await startVendors();
  await new Promise<void>((resolve) => mailServer.listen(0, '127.0.0.1', resolve));
  const { port } = mailServer.server.address() as { port: number };
  const hook = (vendor: string) => ({ url: `${vendors.url}/${vendor}/${HOOK_PATH}` });
  const mailbox = (password: string) => ({
    smtp: `smtp://user:${encodeURIComponent(password)}@127.0.0.1:${port}`,
    from: 'headgate@example.com',
    to: ['ops@example.com'],
  });
  gateway = await embed({
    config: {
      admin: { token: ADMIN },
      alerts: {
        destinations: {
          slack: { slack: hook('slack') },
          teams: { teams: hook('teams') },
          discord: { discord: hook('discord') },
          pagerduty: { pagerduty: { routing_key: ROUTING_KEY, url: `${vendors.url}/pagerduty` } },
          opsgenie: { opsgenie: { api_key: GENIE_KEY, url: `${vendors.url}/opsgenie` } },
          webhook: { webhook: { ...hook('webhook'), secret: 'hush-hush-hush' } },
          email: { email: mailbox('p@ss word') },
          locked: { email: mailbox('not the p@ss word') },
        },
      },
    },
  });
});
beforeEach(() => {
  vendors.fail = null;
  refuseMail = null;
});
afterAll(async () => {
  await gateway.close();
  await vendors.close();
  await new Promise<void>((resolve) => mailServer.close(resolve));
});

async function test(destination: string): Promise<{ status: number; body: unknown }> {
  const answer = await gateway.fetch(`/api/alerts/${destination}/test`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  return { status: answer.status, body: await answer.json() };
}

const HTTP = ['slack', 'teams', 'discord', 'pagerduty', 'opsgenie', 'webhook'];

describe('POST /api/alerts/{destination}/test', () => {
  it.each(HTTP)('is taken by %s as its documentation has it', async (name) => {
    const before = vendors.told.length;
    expect(await test(name)).toEqual({ status: 200, body: { delivered: true } });
    expect(vendors.told.length).toBeGreaterThan(before);
    expect(vendors.refused).toEqual([]);
    // Incidents of a test are closed at once.
    expect(vendors.open.size).toBe(0);
  });

  it('is taken by a mail server', async () => {
    expect(await test('email')).toEqual({ status: 200, body: { delivered: true } });
    expect(mails).toBe(1);
  });

  it.each<[name: string, status: number, body: string, why: string]>([
    ['slack', 404, 'no_service', 'it answered 404: no_service'],
    ['slack', 410, 'channel_is_archived', 'it answered 410: channel_is_archived'],
    ['slack', 200, '<html>Sign in</html>', 'it answered 200, but not "ok"'],
    [
      'teams',
      401,
      '{"error":{"code":"DirectApiAuthorizationRequired","message":"The request must be authenticated."}}',
      'it answered 401: The request must be authenticated.',
    ],
    [
      'teams',
      200,
      'Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429',
      'it answered 200, but that it failed',
    ],
    ['discord', 404, '{"message": "Unknown Webhook", "code": 10015}', 'it answered 404: Unknown Webhook'],
    ['discord', 200, '<!doctype html><p>Sign in', 'it answered 200 with a page'],
    [
      'pagerduty',
      400,
      `{"status":"invalid event","message":"Event object is invalid","errors":["'routing_key' ${ROUTING_KEY} is unknown"]}`,
      "it answered 400: Event object is invalid; 'routing_key' *** is unknown",
    ],
    [
      'opsgenie',
      422,
      `{"message":"Key ${GENIE_KEY} is not valid!","took":0.001,"requestId":"1"}`,
      'it answered 422: Key *** is not valid!',
    ],
    ['webhook', 500, `nothing at /webhook/${HOOK_PATH}`, 'it answered 500: nothing at ***'],
    ['webhook', 403, '<html><body>Forbidden</body></html>', 'it answered 403'],
    ['webhook', 400, '', 'it answered 400'],
    ['webhook', 400, '{"broken', 'it answered 400'],
    ['webhook', 400, 'x'.repeat(5_000), `it answered 400: ${'x'.repeat(199)}…`],
  ])('says why %s refuses it: %i %s', async (name, status, body, why) => {
    vendors.fail = { status, body, times: 1 };
    expect(await test(name)).toEqual({ status: 200, body: { delivered: false, why } });
  });

  it('says what a mail server says', async () => {
    const { body } = await test('locked');
    expect(body).toMatchObject({ delivered: false, why: expect.stringMatching(/Invalid login: 535/) });
    expect(JSON.stringify(body)).not.toContain('p@ss');
    refuseMail = 'No such user here';
    expect((await test('email')).body).toMatchObject({
      delivered: false,
      why: expect.stringMatching(/550 No such user here/),
    });
  });

  it('says that nobody is there, without the address', async () => {
    await vendors.close();
    for (const name of HTTP) {
      const { body } = await test(name);
      expect(body).toMatchObject({ delivered: false, why: expect.stringMatching(/ECONNREFUSED|closed/) });
      expect(JSON.stringify(body)).not.toContain(HOOK_PATH);
    }
    vendors = await startVendors();
  });

  it('knows only destinations that there are', async () => {
    expect((await test('nobody')).status).toBe(404);
  });
});
