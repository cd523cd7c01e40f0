import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './children.js';

const PASSWORD = 'only-on-loopback';
const READY_MS = 15_000;

export interface RealPostgres {
  /** A new, empty database; its address with user and password. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** Where Postgres' programs are; null when it is not installed. */
export function postgresPrograms(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb'))) ?? null;
}

/** Postgres refuses to run as root, so root runs it as somebody else. */
function otherUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts a server of its own in a temporary folder, on loopback and a free port. */
export async function startPostgres(): Promise<RealPostgres> {
  const bin = postgresPrograms();
  if (bin === null) throw new Error('Postgres is needed: apt-get install postgresql');
  const user = otherUser();
  const dir = mkdtempSync(join(tmpdir(), 'headgate-postgres-'));
  const passwordFile = join(dir, 'password');
  writeFileSync(passwordFile, PASSWORD);
  if (user.uid !== undefined && user.gid !== undefined) {
    for (const path of [dir, passwordFile]) chownSync(path, user.uid, user.gid);
  }
  const data = join(dir, 'data');
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
  const initial = [
    '-D',
    data,
    '-U',
    'headgate',
    '-E',
    'UTF8',
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '-N',
  ];
  execFileSync(join(bin, 'initdb'), initial, { ...user, env, stdio: 'ignore', cwd: dir });
  const port = await freePort();
  const settings = [
    'fsync=off',
    'synchronous_commit=off',
    'listen_addresses=127.0.0.1',
    'max_connections=60',
  ];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-k', dir, '-p', String(port), ...settings.flatMap((one) => ['-c', one])],
    { ...user, env, cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const kill = (): void => {
    server.kill('SIGQUIT');
  };
  process.once('exit', kill);
  const url = (database: string): string => `postgres://headgate:${PASSWORD}@127.0.0.1:${port}/${database}`;
  await ready(server, url('postgres'));
  let databases = 0;
  return {
    async database() {
      const name = `test_${++databases}`;
      await once(url('postgres'), `CREATE DATABASE ${name}`);
      return url(name);
    },
    async stop() {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGINT');
      await ended;
      process.off('exit', kill);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function once(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

async function ready(server: ChildProcess, url: string): Promise<void> {
  let said = '';
  server.stderr?.on('data', (chunk) => {
    said = (said + String(chunk)).slice(-4000);
  });
  const until = Date.now() + READY_MS;
  for (;;) {
    try {
      await once(url, 'SELECT 1');
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > until)
        throw new Error(`Postgres does not start: ${String(error)}\n${said}`);
      await sleep(50);
    }
  }
}
