import type { SettledRecord } from '@headgate/sdk';
import pino from 'pino';
import { RequestLines } from './request-line.js';

export const LINE_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
export type LineLevel = (typeof LINE_LEVELS)[number];
export type LogLevel = LineLevel | 'silent';

export interface LogWriterOptions {
  level: LogLevel;
  /** One line a settled request, at level info. */
  requests: boolean;
  /** A file instead of stdout. */
  file?: string;
}

/** What waits for a slow reader of the log; beyond it lines are dropped and counted, or memory would grow. */
const MOST_WAITING = 8 * 1024 * 1024;
const CLOSE_MS = 2000;

/** The one writer of the log: JSON lines, never blocking. */
export class LogWriter {
  /** Writes that were dropped. */
  dropped = 0;
  private readonly out;
  private readonly logger;
  private readonly withRequests: boolean;
  private readonly lines = new RequestLines();
  private broken = false;

  constructor(options: LogWriterOptions) {
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
      { level: options.level, base: null, formatters: { level: (label) => ({ level: label }) } },
      this.out,
    );
    this.withRequests = options.requests && this.logger.isLevelEnabled('info');
  }

  requests(records: Iterable<SettledRecord>): void {
    if (!this.withRequests || this.broken) return;
    this.out.write(this.lines.of(records));
  }

  line(level: LineLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (!this.broken) this.logger[level](fields, message);
  }

  /** Resolves when everything is written, or cannot be within two seconds: a reader that stalls must not hold up the end. */
  close(): Promise<void> {
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
}
