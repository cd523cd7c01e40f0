import type { SettledRecord } from '@headgate/sdk';
import pino from 'pino';
import type { LineLevel, LogLevel } from './line-level.js';
import { LogLevels } from './log-levels.js';
import { componentOf, type LogFormat } from './log-line.js';
import { prettyLines } from './pretty-line.js';
import { RecentLines } from './recent-lines.js';
import { Redactor } from './redactor.js';
import { RequestLines } from './request-line.js';

export interface LogWriterOptions {
  level: LogLevel;
  /** One line a settled request, at level info. */
  requests: boolean;
  format?: LogFormat;
  /** A file instead of stdout. */
  file?: string;
  /** What must never be written. */
  secrets?: readonly string[];
}

/** What waits for a slow reader of the log; beyond it lines are dropped and counted, or memory would grow. */
const MOST_WAITING = 8 * 1024 * 1024;
const CLOSE_MS = 2000;
/** Lines of requests are written together, up to so many bytes and for so long: a write costs as much as a dozen lines. */
const TOGETHER_BYTES = 16 * 1024;
const TOGETHER_MS = 20;
/** What lines of settled requests are of. */
const REQUESTS = 'requests';
/** What lines of this thread are of that say nothing else. */
const LEDGER = 'ledger';

/**
 * The one writer of the log, never blocking. Whatever is to be written, what is known to be secret or looks like it is taken out
 * here, so that nobody who writes needs to think of it.
 */
export class LogWriter {
  /** Writes that were dropped. */
  dropped = 0;
  readonly levels: LogLevels;
  readonly redactor = new Redactor();
  private readonly recent = new RecentLines();
  private readonly out;
  private readonly logger;
  private readonly withRequests: boolean;
  private readonly pretty: boolean;
  private readonly colors: boolean;
  private readonly lines = new RequestLines((text) => this.redactor.text(text));
  private broken = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: LogWriterOptions) {
    this.redactor.know(options.secrets ?? []);
    this.levels = new LogLevels(options.level);
    this.pretty = options.format === 'pretty';
    this.colors = this.pretty && options.file === undefined && process.stdout.isTTY === true;
    this.out = pino.destination({
      dest: options.file ?? 1,
      sync: false,
      minLength: 0,
      maxLength: MOST_WAITING,
      mkdir: true,
    });
    this.out.on('drop', () => {
      this.dropped++;
    });
    this.out.on('error', () => {
      // Nobody reads any more, e.g. a closed pipe. The gateway goes on without a log.
      this.broken = true;
    });
    this.logger = pino(
      // What is written is for `levels` to say, which may change.
      { level: 'trace', base: null, formatters: { level: (label) => ({ level: label }) } },
      { write: (line) => this.write(line) },
    );
    this.withRequests = options.requests;
  }

  requests(records: Iterable<SettledRecord>): void {
    if (!this.withRequests || this.broken || !this.levels.writes('info', REQUESTS)) return;
    this.lines.add(records);
    if (this.lines.bytes >= TOGETHER_BYTES) this.writeLines();
    else this.timer ??= setTimeout(() => this.writeLines(), TOGETHER_MS);
  }

  line(level: LineLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (this.broken || !this.levels.writes(level, componentOf(fields, LEDGER))) return;
    this.logger[level](this.redactor.value(fields) as Record<string, unknown>, this.redactor.text(message));
  }

  /** The last lines that were written, the oldest first. */
  recentLines(most: number): string[] {
    this.writeLines();
    return this.recent.last(most);
  }

  /** Resolves when everything is written, or cannot be within two seconds: a reader that stalls must not hold up the end. */
  close(): Promise<void> {
    this.writeLines();
    return new Promise((resolve) => {
      if (this.broken) return resolve();
      const limit = setTimeout(resolve, CLOSE_MS);
      const done = (): void => {
        clearTimeout(limit);
        resolve();
      };
      this.out.once('close', done);
      this.out.once('error', done);
      this.out.end();
    });
  }

  private writeLines(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.put(this.lines.take());
  }

  /** @param lines JSON, each with its line feed; those of requests that came before go before them */
  private write(lines: string): void {
    this.writeLines();
    this.put(lines);
  }

  private put(lines: string): void {
    if (lines === '') return;
    this.recent.keep(lines);
    this.out.write(this.pretty ? prettyLines(lines, this.colors) : lines);
  }
}
