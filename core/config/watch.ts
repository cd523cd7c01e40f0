import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type FSWatcher, watch as watchFiles } from 'chokidar';
import type { LoadedConfig } from './load.js';

export interface WatchOptions {
  /** File to watch; null when there is none, which leaves `reload()` alone. */
  file: string | null;
  /** Loads and validates again; throws ConfigError. */
  load: () => LoadedConfig;
  /** Puts the new configuration to use. When it throws, the old one must still be in use. */
  apply: (loaded: LoadedConfig) => void | Promise<void>;
  onReloaded: (loaded: LoadedConfig) => void;
  /** The new configuration was not taken; the old one stays. */
  onRefused: (error: unknown) => void;
  /** Quiet time after the last change before the file is read, ms. */
  debounceMs?: number | undefined;
}

export interface ConfigWatcher {
  /** Resolves when the watcher sees changes. */
  readonly ready: Promise<void>;
  /** Loads and applies now, changed or not (SIGHUP). Resolves to whether the new configuration was taken; never rejects. */
  reload(): Promise<boolean>;
  /** Stops watching; a reload that runs is waited for, none starts afterwards. */
  close(): Promise<void>;
}

/** What tells two contents apart; null when the file cannot be read. */
function fingerprint(file: string): string | null {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return null;
  }
}

/**
 * Watches the folder instead of the file: editors replace a file by renaming another one over it, and Kubernetes swaps a
 * `..data` link beside it; a watch on the file itself would stay with the old inode. What counts is whether the content
 * differs from the last one read.
 */
export function watchConfig(options: WatchOptions): ConfigWatcher {
  const file = options.file === null ? null : resolve(options.file);
  let last = file === null ? null : fingerprint(file);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;

  const attempt = async (): Promise<boolean> => {
    if (closed) return false;
    if (file !== null) last = fingerprint(file);
    try {
      const loaded = options.load();
      await options.apply(loaded);
      options.onReloaded(loaded);
      return true;
    } catch (error) {
      options.onRefused(error);
      return false;
    }
  };

  // One after the other: two reloads at once could apply the older file last.
  const reload = (): Promise<boolean> => {
    const next = running.then(attempt, attempt);
    running = next;
    return next;
  };

  const changed = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!closed && file !== null && fingerprint(file) !== last) void reload();
    }, options.debounceMs ?? 100);
  };

  let watcher: FSWatcher | undefined;
  let ready = Promise.resolve();
  if (file !== null) {
    const folder = dirname(file);
    const relevant = new Set([folder, file, resolve(folder, '..data')]);
    const names = new Set([basename(file), '..data']);
    watcher = watchFiles(folder, {
      depth: 0,
      ignoreInitial: true,
      ignored: (path) => !relevant.has(resolve(path)),
    });
    watcher.on('all', changed);
    // Its own events are throttled: a second change within about 50 ms is dropped, and the gateway would stay with the
    // first. The raw ones are all there, but tell of every file in the folder.
    watcher.on('raw', (_event, name: string | null, details) => {
      const watched = (details as { watchedPath?: string } | undefined)?.watchedPath;
      if (name === null || watched !== folder || names.has(name)) changed();
    });
    // Without a watcher (too many watches, a folder that went away) SIGHUP still reloads.
    watcher.on('error', options.onRefused);
    ready = new Promise((done) => {
      watcher?.once('ready', () => done());
      watcher?.once('error', () => done());
    });
  }

  return {
    ready,
    reload,
    async close() {
      closed = true;
      clearTimeout(timer);
      await watcher?.close();
      await running;
    },
  };
}
