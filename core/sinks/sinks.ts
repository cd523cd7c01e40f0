import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkHost, SinkRow } from '@headgate/sdk';
import { withoutSecrets } from '../observe/secret-text.js';
import type { Poster } from '../upstream/poster.js';
import { BatchReader } from './batch-reader.js';
import { type ContentSource, withContent } from './content-source.js';
import { DiskLog } from './disk-log.js';
import type { FrameLog, LogPlace, OnUnreadable } from './frame-log.js';
import { KeptPlace, PLACES_FOLDER } from './kept-place.js';
import { MemoryLog } from './memory-log.js';
import type { SinkState } from './sink-counts.js';
import { sinkHosts } from './sink-host.js';
import { SinkRunner } from './sink-runner.js';
import type { SinkSettings, SinksSetup } from './sink-settings.js';
import { secretsOf, sinkValues } from './sink-values.js';

export type SinkRows = ReadonlyMap<string, SinkRow>;
type Line = (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;

export interface SinksParts {
  readonly setup: SinksSetup;
  /** Folder of what waits; null: in memory. */
  readonly dir: string | null;
  /** Where a sink begins that is new. */
  readonly begin: LogPlace;
  /** Name of the last file that an earlier run left; empty when there is none. */
  readonly earlier: string;
  readonly rows: SinkRows;
  readonly poster: Poster;
  readonly log: Line;
  /** What is kept of some requests and answers. */
  readonly contents: ContentSource;
  readonly onUnreadable: OnUnreadable;
  /** A sink began to fail or works again. */
  readonly onHealth: () => void;
}

/** In memory, nothing more waits for a sink than that. */
const MOST_IN_MEMORY = 32 * 1024 * 1024;
/** With prompts and answers, no more records than that are delivered together. */
const MOST_WITH_CONTENT = 50;
/** Shorter values would hide ordinary words. */
const LEAST_SECRET = 8;

/** All sinks of a gateway, as they run in their thread. */
export class Sinks {
  private readonly log: FrameLog;
  private readonly runners: SinkRunner[] = [];
  /** All of them are there: until then it is not known what is needed. */
  private complete = false;

  constructor(private readonly parts: SinksParts) {
    const { dir, setup } = parts;
    const warn = (message: string, fields: Record<string, unknown>): void =>
      parts.log('warn', message, fields);
    this.log = dir === null ? new MemoryLog() : new DiskLog(dir, parts.earlier, warn, parts.onUnreadable);
    const reader = new BatchReader(this.log, setup.sinks.length, (end, records, error) => {
      const fields = { segment: end.segment, offset: end.offset, records, error: String(error) };
      parts.log('error', 'a batch of records for sinks cannot be read and is left out', fields);
      parts.onUnreadable(end, records);
    });
    const hostOf = sinkHosts(setup, parts.poster);
    const places = dir === null ? null : placesIn(dir, setup.sinks);
    for (const settings of setup.sinks) {
      const row = parts.rows.get(settings.use);
      if (row === undefined) throw new Error(`there is no sink "${settings.use}"`);
      this.runners.push(this.runner(settings, row, reader, places, hostOf(settings.timeoutMs)));
    }
    this.complete = true;
    this.release();
  }

  /** Another thread has written records that end there. */
  grown(end: LogPlace, records: number): void {
    try {
      (this.log as DiskLog).grown(end);
    } catch (error) {
      this.parts.log('error', 'a file of records for sinks cannot be opened', {
        segment: end.segment,
        error: String(error),
      });
    }
    this.tell(records);
  }

  /** The last file grows no more: it goes when all sinks have it. */
  sealed(): void {
    (this.log as DiskLog).sealed();
    this.release();
  }

  /** Where nothing is kept on disk. */
  add(bytes: Uint8Array, records: number): void {
    (this.log as MemoryLog).add(bytes);
    this.tell(records);
  }

  states(): SinkState[] {
    return this.runners.map((runner) => runner.state());
  }

  async close(): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner.close()));
    this.release();
    this.log.close();
  }

  private tell(records: number): void {
    for (const runner of this.runners) runner.grown(records);
    this.release();
  }

  private release(): void {
    if (this.complete) this.log.release(this.runners.flatMap(({ needed }) => needed));
  }

  private runner(
    settings: SinkSettings,
    row: SinkRow,
    reader: BatchReader,
    places: ReadonlyMap<string, KeptPlace> | null,
    host: SinkHost,
  ): SinkRunner {
    const { log, dir, onHealth } = this.parts;
    const { name, values } = settings;
    const kept = places?.get(name);
    const secrets = secretsOf(row, values).filter(({ length }) => length >= LEAST_SECRET);
    // A sink that is new is told of what comes from now on.
    const place = kept?.read() ?? (dir === null ? this.log.end : this.parts.begin);
    const keep = (at: LogPlace): void => {
      try {
        kept?.write(at);
      } catch (error) {
        log('warn', 'how far a sink has got cannot be written; it may be told twice after a restart', {
          sink: name,
          error: String(error),
        });
      }
      this.release();
    };
    if (kept?.read() === null) keep(place);
    return new SinkRunner({
      settings:
        dir === null ? { ...settings, spoolBytes: Math.min(settings.spoolBytes, MOST_IN_MEMORY) } : settings,
      limits: {
        records: Math.min(
          settings.batchRecords ?? row.batch?.records ?? 500,
          settings.content ? MOST_WITH_CONTENT : Number.POSITIVE_INFINITY,
        ),
        waitMs: settings.batchWaitMs ?? row.batch?.waitMs ?? 2_000,
      },
      open: async () => row.open(sinkValues(row, values), host),
      complete: settings.content ? (details) => withContent(details, this.parts.contents) : null,
      log: this.log,
      reader,
      place,
      onPlace: keep,
      onHealth: (why) => {
        if (why === null) log('info', 'a sink works again', { sink: name });
        else log('warn', 'a sink does not take records; they wait', { sink: name, why });
        onHealth();
      },
      hide: (text) => withoutSecrets(secrets.reduce((shown, one) => shown.replaceAll(one, '***'), text)),
    });
  }
}

/** Where each sink keeps how far it has got; those of sinks that are no more are removed. */
function placesIn(dir: string, sinks: readonly SinkSettings[]): ReadonlyMap<string, KeptPlace> {
  const folder = join(dir, PLACES_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = new Set(sinks.map(({ name }) => name));
  for (const file of readdirSync(folder)) {
    const name = file.replace(/\.place(\.new)?$/, '');
    if (!names.has(name)) new KeptPlace(folder, name).remove();
  }
  return new Map(sinks.map(({ name }) => [name, new KeptPlace(folder, name)]));
}
