import { createHash } from 'node:crypto';
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { resolve } from 'node:path';
import type { LoadedConfig } from './load.js';

export interface WatchOptions<Loaded extends LoadedConfig = LoadedConfig> {
  /** File to watch; null when there is none, which leaves `reload()` alone. */
  file: string | null;
  /** Loads and validates again; throws ConfigError. */
  load: () => Loaded | Promise<Loaded>;
  /** Puts the new configuration to use. When it throws, the old one must still be in use. */
  apply: (loaded: Loaded) => void | Promise<void>;
  onReloaded: (loaded: Loaded) => void;
  /** The new configuration was not taken; the old one stays. */
  onRefused: (error: unknown) => void;
  /** Quiet time after the last change before the file is read, ms. */
  debounceMs?: number | undefined;
  /** How often the file is looked at, ms. */
  intervalMs?: number | undefined;
}

export interface ConfigWatcher {
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

const DEFAULT_INTERVAL_MS = 500;

/**
 * Looks at the file twice a second instead of asking the system for events: that costs next to nothing, follows links
 * (Kubernetes swaps one), survives editors that rename another file over it, and does not wake up for every line of a log
 * that grows in the same folder, which cost 9 µs a request when events did. What counts is whether the content differs
 * from the last one read.
 */
export function watchConfig<Loaded extends LoadedConfig = LoadedConfig>(
  options: WatchOptions<Loaded>,
): ConfigWatcher {
  const file = options.file === null ? null : resolve(options.file);
  let last = file === null ? null : fingerprint(file);
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;

  const attempt = async (): Promise<boolean> => {
    if (closed) return false;
    if (file !== null) last = fingerprint(file);
    try {
      const loaded = await options.load();
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

  const onStat = (): void => changed();
  if (file !== null) {
    watchFile(file, { interval: options.intervalMs ?? DEFAULT_INTERVAL_MS, persistent: false }, onStat);
    // What changed between reading the file and this line.
    changed();
  }

  return {
    reload,
    async close() {
      closed = true;
      clearTimeout(timer);
      if (file !== null) unwatchFile(file, onStat);
      await running;
    },
  };
}
