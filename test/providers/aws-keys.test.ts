import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headerOf, type UpstreamRequest } from '@headgate/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseCredential } from '../../plugins/providers/signers/sigv4/credential.js';
import { createSigV4 } from '../../plugins/providers/signers/sigv4/index.js';
import { TemporaryKeys } from '../../plugins/providers/signers/sigv4/temporary-keys.js';

const FOLDER = mkdtempSync(join(tmpdir(), 'headgate-aws-'));
const ENDS = new Date(Date.now() + 3_600_000).toISOString();

function stsAnswer(action: string, key: string): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials>
    <AccessKeyId>${key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
    <SessionToken>token</SessionToken><Expiration>${ENDS}</Expiration></Credentials>
    </${action}Result></${action}Response>`;
}

/** STS, the container endpoint and the instance metadata, on one port. */
let server: Server;
let origin: string;
let asked: string[] = [];

beforeAll(async () => {
  server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      asked.push(`${req.method} ${req.url} ${body}`);
      const keys = (AccessKeyId: string) =>
        JSON.stringify({
          Code: 'Success',
          AccessKeyId,
          SecretAccessKey: 's',
          Token: 'token',
          Expiration: ENDS,
        });
      if (req.url === '/container') res.end(keys('ASIACONTAINER0000001'));
      else if (req.url === '/latest/api/token') res.end('imds-token');
      else if (req.url === '/latest/meta-data/iam/security-credentials/') res.end('gate-role');
      else if (req.url?.endsWith('/gate-role')) res.end(keys('ASIAINSTANCE00000001'));
      else if (body.includes('Action=AssumeRoleWithWebIdentity'))
        res.end(stsAnswer('AssumeRoleWithWebIdentity', 'ASIAWEBIDENTITY00001'));
      else if (body.includes('Action=AssumeRole')) res.end(stsAnswer('AssumeRole', 'ASIAASSUMED000000001'));
      else res.writeHead(404).end();
    });
  });
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(
    join(FOLDER, 'credentials'),
    [
      '[default]',
      'aws_access_key_id = AKIADEFAULT000000001',
      'aws_secret_access_key = s',
      '[base]',
      'aws_access_key_id = AKIABASE000000000001',
      'aws_secret_access_key = s',
    ].join('\n'),
  );
  writeFileSync(
    join(FOLDER, 'config'),
    [
      '[profile chained]',
      'role_arn = arn:aws:iam::123456789012:role/Chained',
      'source_profile = base',
      'region = us-east-1',
    ].join('\n'),
  );
  writeFileSync(join(FOLDER, 'token'), 'web.identity.token');
});

afterAll(async () => {
  await new Promise((done) => server.close(done));
  rmSync(FOLDER, { recursive: true });
});

const environment = { ...process.env };

beforeEach(() => {
  asked = [];
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  process.env['AWS_ENDPOINT_URL_STS'] = origin;
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_CONFIG_FILE'] = join(FOLDER, 'none');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(FOLDER, 'none');
});

afterEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  Object.assign(process.env, environment);
});

function useFiles(): void {
  process.env['AWS_CONFIG_FILE'] = join(FOLDER, 'config');
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = join(FOLDER, 'credentials');
}

/** The key id that a request is signed with. */
async function signedBy(value: string): Promise<string | undefined> {
  const request: UpstreamRequest = {
    method: 'POST',
    path: '/model/m/converse',
    headers: ['host', 'bedrock-runtime.us-east-1.amazonaws.com'],
    body: Buffer.from('{}'),
  };
  await createSigV4().sign?.(request, value, {});
  return /Credential=([A-Z0-9]+)/.exec(headerOf(request.headers, 'authorization') ?? '')?.[1];
}

describe('AWS keys', () => {
  it('come from the environment', async () => {
    process.env['AWS_ACCESS_KEY_ID'] = 'AKIAENVIRONMENT00001';
    process.env['AWS_SECRET_ACCESS_KEY'] = 's';
    expect(await signedBy('')).toBe('AKIAENVIRONMENT00001');
  });

  it('come from the shared files, by profile', async () => {
    useFiles();
    expect(await signedBy('')).toBe('AKIADEFAULT000000001');
    expect(await signedBy('profile:base')).toBe('AKIABASE000000000001');
  });

  it('come from the role of a profile and its source', async () => {
    useFiles();
    expect(await signedBy('profile:chained')).toBe('ASIAASSUMED000000001');
    expect(asked.join()).toContain('role%2FChained');
  });

  it('come from a role that the provider key names', async () => {
    useFiles();
    const role = 'arn:aws:iam::123456789012:role/Gate?external_id=42&session_name=mine&profile=base';
    expect(await signedBy(role)).toBe('ASIAASSUMED000000001');
    expect(asked.join()).toMatch(/role%2FGate/);
    expect(asked.join()).toMatch(/RoleSessionName=mine/);
    expect(asked.join()).toMatch(/ExternalId=42/);
  });

  it('come from a web identity token', async () => {
    process.env['AWS_WEB_IDENTITY_TOKEN_FILE'] = join(FOLDER, 'token');
    process.env['AWS_ROLE_ARN'] = 'arn:aws:iam::123456789012:role/Pod';
    expect(await signedBy('')).toBe('ASIAWEBIDENTITY00001');
    expect(asked.join()).toContain('web.identity.token');
  });

  it('come from the container', async () => {
    process.env['AWS_CONTAINER_CREDENTIALS_FULL_URI'] = `${origin}/container`;
    expect(await signedBy('')).toBe('ASIACONTAINER0000001');
  });

  it('come from the instance, by IMDSv2', async () => {
    process.env['AWS_EC2_METADATA_DISABLED'] = 'false';
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = origin;
    expect(await signedBy('')).toBe('ASIAINSTANCE00000001');
    expect(asked[0]).toContain('PUT /latest/api/token');
  });

  it('are an error that says so where there are none', async () => {
    await expect(signedBy('')).rejects.toThrow('AWS gave no credentials');
  });
});

describe('keys that end', () => {
  const credential = parseCredential('');

  function kept(lifetimeMs: number) {
    const state = { now: 1_000_000, loads: 0, fail: false };
    const keys = new TemporaryKeys(
      credential,
      'us-east-1',
      async () => async () => {
        state.loads++;
        if (state.fail) throw new Error('down');
        return {
          accessKeyId: `key-${state.loads}`,
          secretAccessKey: 's',
          expiration: new Date(state.now + lifetimeMs),
        };
      },
      () => state.now,
    );
    return { keys, state };
  }

  it('are asked for once, however many requests wait for them', async () => {
    const { keys, state } = kept(3_600_000);
    const all = await Promise.all([keys.get(), keys.get(), keys.get()]);
    expect(all.map((one) => one.accessKeyId)).toEqual(['key-1', 'key-1', 'key-1']);
    expect(keys.get()).toEqual({ accessKeyId: 'key-1', secretAccessKey: 's' });
    expect(state.loads).toBe(1);
  });

  it('are renewed before they end, while the old ones go on', async () => {
    const { keys, state } = kept(3_600_000);
    await keys.get();
    state.now += 3_400_000;
    expect(keys.get()).toMatchObject({ accessKeyId: 'key-1' });
    await new Promise((done) => setImmediate(done));
    expect(keys.get()).toMatchObject({ accessKeyId: 'key-2' });
  });

  it('stay in use when they cannot be renewed, until they end', async () => {
    const { keys, state } = kept(3_600_000);
    await keys.get();
    state.fail = true;
    state.now += 3_400_000;
    expect(keys.get()).toMatchObject({ accessKeyId: 'key-1' });
    await new Promise((done) => setImmediate(done));
    keys.get();
    expect(state.loads).toBe(2);
    state.now += 300_000;
    await expect(keys.get()).rejects.toThrow('AWS gave no credentials: down');
    // Not asked again at once: a chain may take seconds to fail.
    expect(() => keys.get()).toThrow('down');
    expect(state.loads).toBe(3);
    state.now += 6_000;
    state.fail = false;
    expect(await keys.get()).toMatchObject({ accessKeyId: 'key-4' });
  });
});
