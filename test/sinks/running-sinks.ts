import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { SettledRecord } from '@headgate/sdk';
import type { ContentSource } from '../../core/sinks/content-source.js';
import type { LogPlace } from '../../core/sinks/frame-log.js';
import { EVERYTHING } from '../../core/sinks/sampling.js';
import type { SinkSettings } from '../../core/sinks/sink-settings.js';
import { fillSinkSettings } from '../../core/sinks/sink-values.js';
import { type SinkRows, Sinks } from '../../core/sinks/sinks.js';
import { batchOf } from '../../core/store/record-codec.js';
import { SpoolWriter } from '../../core/store/spool-writer.js';
import { Poster } from '../../core/upstream/poster.js';
import { sinkRows } from '../../plugins/sinks/index.js';

/** A sink with what the tests do not care about. */
export function sinkSettings(
  use: string,
  values: Readonly<Record<string, unknown>>,
  over: Partial<SinkSettings> = {},
): SinkSettings {
  const row = sinkRows.get(use);
  if (row === undefined) throw new Error(`there is no sink ${use}`);
  const filled = fillSinkSettings(row, values, {});
  if (filled.problems.length > 0) throw new Error(JSON.stringify(filled.problems));
  return {
    name: use,
    use,
    values: filled.values,
    batchRecords: null,
    batchWaitMs: 5,
    timeoutMs: 5_000,
    content: false,
    spoolBytes: 1024 ** 3,
    sampling: EVERYTHING,
    ...over,
  };
}

const lastIn = (dir: string | null): string =>
  dir === null || !existsSync(dir) ? '' : (filesIn(dir).sort().at(-1) ?? '');
const filesIn = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith('.spool'));

function beginIn(dir: string | null): LogPlace {
  const segment = lastIn(dir);
  return { segment, offset: segment === '' ? 0 : statSync(join(dir ?? '', segment)).size };
}

export interface RunningSinks {
  readonly sinks: Sinks;
  /** What could be read by nobody: places and records. */
  readonly unreadable: [end: LogPlace, records: number][];
  readonly lines: { level: string; message: string; fields: Record<string, unknown> }[];
  /** Settles records, as the ledger's thread does. */
  settle(records: readonly SettledRecord[]): Promise<void>;
  close(): Promise<void>;
}

/** Sinks in this thread, on disk or in memory, with the files written as the ledger's thread writes them. */
export function runSinks(
  settings: readonly SinkSettings[],
  dir: string | null,
  rows: SinkRows = sinkRows,
  contents: ContentSource = async () => new Map(),
): RunningSinks {
  const lines: RunningSinks['lines'] = [];
  const unreadable: RunningSinks['unreadable'] = [];
  const poster = new Poster();
  const sinks = new Sinks({
    setup: { sinks: settings, instance: 'test' },
    dir,
    begin: beginIn(dir),
    earlier: lastIn(dir),
    rows,
    poster,
    contents,
    log: (level, message, fields) => lines.push({ level, message, fields }),
    onUnreadable: (end, records) => unreadable.push([end, records]),
    onHealth: () => {},
  });
  const writer = dir === null ? null : new SpoolWriter({ dir, fsync: false }, { maxSegmentBytes: 16 * 1024 });
  return {
    sinks,
    lines,
    unreadable,
    settle(records) {
      const { bytes, count } = batchOf(records);
      if (writer === null) {
        sinks.add(bytes, count);
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        writer.write(bytes, (end) => {
          if (end === null) return reject(new Error('the disk refused'));
          sinks.grown(end, count);
          resolve();
        });
      });
    },
    async close() {
      writer?.close();
      await sinks.close();
      await poster.close();
    },
  };
}
