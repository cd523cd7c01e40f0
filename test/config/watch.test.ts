import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type LoadedConfig, loadConfig } from '../../core/config/load.js';
import { ConfigError } from '../../core/config/problem.js';
import { type ConfigWatcher, watchConfig } from '../../core/config/watch.js';
import { ROWS } from './load-text.js';

let folder: string;
let file: string;
let watcher: ConfigWatcher | undefined;
/** Ports of the configurations taken, in order: what tells them apart here. */
let taken: number[];
let refused: unknown[];

const text = (port: number): string => `server: { port: ${port} }\n`;
const load = (): LoadedConfig => loadConfig({ file, env: {}, rows: ROWS, builtIn: ['mock'] });
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 30_000, interval: 20 });

async function start(
  apply: (loaded: LoadedConfig) => void | Promise<void> = () => {},
): Promise<ConfigWatcher> {
  watcher = watchConfig({
    file,
    load,
    apply,
    onReloaded: (loaded) => taken.push(loaded.config.server.port),
    onRefused: (error) => refused.push(error),
    debounceMs: 30,
    intervalMs: 50,
  });
  return watcher;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-watch-'));
  file = join(folder, 'headgate.yaml');
  writeFileSync(file, text(1));
  taken = [];
  refused = [];
});

afterEach(async () => {
  await watcher?.close();
  watcher = undefined;
  rmSync(folder, { recursive: true });
});

describe('watching the file', () => {
  it('takes each valid change over', async () => {
    await start();
    writeFileSync(file, text(2));
    await until(() => expect(taken).toEqual([2]));
    writeFileSync(file, text(3));
    await until(() => expect(taken).toEqual([2, 3]));
    expect(refused).toEqual([]);
  });

  it('goes on after editors that rename another file over it, more than once', async () => {
    await start();
    for (const port of [2, 3, 4]) {
      writeFileSync(join(folder, 'headgate.yaml.tmp'), text(port));
      renameSync(join(folder, 'headgate.yaml.tmp'), file);
      await until(() => expect(taken.at(-1)).toBe(port));
    }
    expect(refused).toEqual([]);
  });

  // The watcher's own events are throttled: a change less than 50 ms after another was lost, and the gateway stayed with
  // the older file until the next edit. Here each write follows the reload of the one before.
  it('never misses the last of several quick changes', async () => {
    await start();
    for (let port = 2; port <= 30; port++) {
      writeFileSync(file, text(port));
      await until(() => expect(taken.at(-1)).toBe(port));
    }
  });

  it('goes on after a swapped link, as Kubernetes updates a ConfigMap', async () => {
    writeFileSync(join(folder, 'v1.yaml'), text(1));
    writeFileSync(join(folder, 'v2.yaml'), text(2));
    unlinkSync(file);
    symlinkSync('v1.yaml', join(folder, '..data'));
    symlinkSync('..data', file);
    await start();
    symlinkSync('v2.yaml', join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, '..data'));
    await until(() => expect(taken).toEqual([2]));
  });

  it('refuses an invalid file with its error, keeps quiet about it, and takes the corrected one', async () => {
    await start();
    writeFileSync(file, 'server: { prot: 1 }\n');
    await until(() => expect(refused).toHaveLength(1));
    expect(refused[0]).toBeInstanceOf(ConfigError);
    expect(String(refused[0])).toContain('server.prot: unknown key, did you mean "port"?');
    expect(taken).toEqual([]);
    writeFileSync(file, text(5));
    await until(() => expect(taken).toEqual([5]));
    expect(refused).toHaveLength(1);
  });

  it('ignores writes that change nothing and other files in the folder', async () => {
    await start();
    writeFileSync(file, text(1));
    writeFileSync(join(folder, 'other.yaml'), text(9));
    await pause(300);
    expect({ taken, refused }).toEqual({ taken: [], refused: [] });
  });

  it('stays with the old configuration when the file is removed, and comes back with it', async () => {
    await start();
    unlinkSync(file);
    await until(() => expect(refused).toHaveLength(1));
    expect(String(refused[0])).toContain('no such file');
    writeFileSync(file, text(6));
    await until(() => expect(taken).toEqual([6]));
  });

  it('does nothing after close', async () => {
    const closing = await start();
    writeFileSync(file, text(2));
    await closing.close();
    await pause(200);
    expect(taken).toEqual([]);
    expect(await closing.reload()).toBe(false);
  });
});

describe('reload on request', () => {
  it('loads again although nothing changed, and says whether it was taken', async () => {
    const { reload } = await start();
    expect(await reload()).toBe(true);
    writeFileSync(file, '[]');
    expect(await reload()).toBe(false);
    expect(taken[0]).toBe(1);
    expect(refused[0]).toBeInstanceOf(ConfigError);
  });

  it('reports an apply that fails', async () => {
    const { reload } = await start(() => Promise.reject(new Error('port is taken')));
    expect(await reload()).toBe(false);
    expect(String(refused[0])).toContain('port is taken');
    expect(taken).toEqual([]);
  });

  it('runs one reload after the other and ends with the last file', async () => {
    let running = 0;
    let most = 0;
    const { reload } = await start(async () => {
      most = Math.max(most, ++running);
      await pause(20);
      running--;
    });
    const reloads = [2, 3, 4].map((port) => {
      writeFileSync(file, text(port));
      return reload();
    });
    expect(await Promise.all(reloads)).toEqual([true, true, true]);
    expect(most).toBe(1);
    expect(taken.at(-1)).toBe(4);
  });

  it('works without a file', async () => {
    watcher = watchConfig({
      file: null,
      load: () => loadConfig({ env: {}, rows: ROWS, builtIn: ['mock'], cwd: join(folder, 'empty') }),
      apply: () => {},
      onReloaded: (loaded) => taken.push(loaded.config.server.port),
      onRefused: (error) => refused.push(error),
    });
    expect(await watcher.reload()).toBe(true);
    expect(taken).toEqual([8080]);
  });
});
