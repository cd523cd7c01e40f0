import { join } from 'node:path';
import type { SettledRecord } from '@headgate/sdk';
import { exposition } from '../observe/exposition.js';
import { LogWriter } from '../observe/log-writer.js';
import { RequestMetrics } from '../observe/metrics.js';
import { requestFamilies } from '../observe/request-families.js';
import { Applier } from './applier.js';
import { CommitSchedule } from './commit-schedule.js';
import { lockDataDir, type Unlock } from './data-dir-lock.js';
import { Intake } from './intake.js';
import { ledgerFamilies } from './ledger-metrics.js';
import type {
  LedgerHealth,
  LedgerQuestions,
  LedgerRequest,
  LedgerSettings,
  Question,
} from './ledger-protocol.js';
import { LedgerStore } from './ledger-store.js';
import { databasePath, isMemory, openDatabase, type Sqlite } from './open-database.js';
import { RecordSources } from './record-sources.js';
import { RowRetention } from './retention.js';
import { Spool } from './spool.js';
import { Troubles } from './troubles.js';
import { UsageReader } from './usage-reader.js';

const RETENTION_MS = 60_000;
const SPOOL_RETRY_MS = 1000;

/**
 * The ledger as it runs in its thread: batches come in from the ports, go to the spool, then to log and metrics, then to
 * the database. Throws from the constructor, with a message for people, when it cannot start.
 */
export class LedgerService {
  private readonly unlock: Unlock;
  private readonly db: Sqlite;
  private readonly log: LogWriter;
  private readonly metrics = new RequestMetrics();
  private readonly troubles: Troubles;
  private readonly spool: Spool | null;
  private readonly applier: Applier;
  private readonly schedule: CommitSchedule;
  private readonly intake: Intake;
  private readonly sources: RecordSources;
  private readonly reader: UsageReader;
  private readonly retention: RowRetention;
  private readonly housekeeping: NodeJS.Timeout;
  private spoolRetry: NodeJS.Timeout | undefined;
  private lastRetention = 0;
  private stored = 0;
  private lost = 0;

  constructor(settings: LedgerSettings, onHealth: (health: LedgerHealth) => void) {
    const path = databasePath(settings.url, settings.dataDir);
    const inMemory = isMemory(path);
    this.unlock = inMemory ? () => undefined : lockDataDir(settings.dataDir);
    try {
      this.db = openDatabase(path);
    } catch (error) {
      this.unlock();
      throw error;
    }
    this.log = new LogWriter({
      level: settings.logLevel,
      requests: settings.logRequests,
      file: settings.logFile,
    });
    this.troubles = new Troubles((level, message, fields) => this.log.line(level, message, fields), onHealth);
    const store = new LedgerStore(this.db);
    this.reader = new UsageReader(this.db);
    this.retention = new RowRetention(this.db, settings.retention);
    try {
      this.spool = inMemory ? null : this.openSpool(settings.dataDir, store);
    } catch (error) {
      this.db.close();
      this.unlock();
      throw error;
    }
    this.applier = new Applier({
      store: {
        commit: (records, position, forget) => {
          const added = store.commit(records, position, forget);
          this.stored += added;
          return added;
        },
      },
      spool: this.spool,
      onTrouble: (message, error) => this.troubles.begin('database', message, error),
      onRecovered: () => this.troubles.end('database'),
      onLost: (records) => this.lose(records),
    });
    this.schedule = new CommitSchedule(this.applier, () => this.housekeep());
    this.intake = new Intake({
      spool: this.spool,
      applier: this.applier,
      observe: (records) => this.observe(records),
      onTrouble: (message, error) => this.spoolFailed(message, error),
      onRecovered: () => this.troubles.end('spool'),
      onLost: (records) => this.lose(records),
    });
    this.sources = new RecordSources((batch) => {
      this.intake.take(batch);
      this.schedule.wake();
    });
    this.housekeeping = setInterval(() => this.housekeep(), RETENTION_MS).unref();
    this.schedule.wake();
  }

  /** Messages of the main thread but for questions and the end. */
  tell(message: Extract<LedgerRequest, { type: 'connect' | 'log' }>): void {
    if (message.type === 'connect') this.sources.add(message.port);
    else this.log.line(message.level, message.message, message.fields);
  }

  async answer<Q extends Question>(
    question: Q,
    ask: LedgerQuestions[Q]['ask'],
  ): Promise<LedgerQuestions[Question]['answer']> {
    const complete = await this.sources.collect();
    if (question === 'metrics') return this.metricsText();
    if (question === 'flush' && !complete) throw new Error('a thread that records requests does not answer');
    if (!this.intake.retry()) throw new Error('the spool cannot be written at the moment; see the log');
    await this.schedule.drain();
    if (question === 'usage') return this.reader.report(ask as LedgerQuestions['usage']['ask']);
    if (question === 'flush') return null;
    const { keyId, sinceMs } = ask as LedgerQuestions['spent']['ask'];
    return this.reader.spent(keyId, sinceMs);
  }

  /** Takes in what is left, writes what can be written, and lets go of everything. What the database refuses stays spooled. */
  async close(): Promise<void> {
    await this.sources.collect();
    this.sources.close();
    clearTimeout(this.spoolRetry);
    if (!this.intake.retry()) this.intake.abandon();
    await this.schedule.drain().catch(() => undefined);
    this.schedule.stop();
    clearInterval(this.housekeeping);
    this.spool?.close();
    this.db.close();
    await this.log.close();
    this.unlock();
  }

  private openSpool(dataDir: string, store: LedgerStore): Spool {
    const spool = new Spool(join(dataDir, 'spool'), {
      warn: (message, fields) => this.log.line('warn', message, fields),
    });
    spool.recover((segment) => store.doneOf(segment));
    return spool;
  }

  private observe(records: readonly SettledRecord[]): void {
    try {
      this.log.requests(records);
      this.metrics.add(records);
    } catch (error) {
      this.log.line('error', 'settled records could not be shown in log and metrics', {
        error: String(error),
      });
    }
  }

  private metricsText(): Promise<string> {
    return exposition([
      ...requestFamilies(this.metrics),
      ...ledgerFamilies({
        inFlightRequests: this.sources.gauges().in_flight_requests,
        received: this.intake.records,
        stored: this.stored,
        lost: this.lost + this.sources.lost,
        waiting: this.applier.waiting,
        backlogBytes: this.spool?.backlogBytes ?? 0,
        logWritesDropped: this.log.dropped,
        ok: this.troubles.health().ok,
      }),
    ]);
  }

  private spoolFailed(message: string, error: unknown): void {
    this.troubles.begin('spool', message, error);
    this.spoolRetry ??= setTimeout(() => {
      this.spoolRetry = undefined;
      // A failed try comes back here and sets the next one.
      if (this.intake.retry()) this.schedule.wake();
    }, SPOOL_RETRY_MS);
  }

  private lose(records: number): void {
    if (this.lost === 0)
      this.log.line('error', 'settled records are being lost; headgate_records_lost_total counts them');
    this.lost += records;
  }

  private housekeep(): void {
    const now = Date.now();
    if (now - this.lastRetention < RETENTION_MS) return;
    try {
      if (!this.retention.step(now)) this.lastRetention = now;
      else setImmediate(() => this.housekeep());
    } catch (error) {
      this.lastRetention = now;
      this.log.line('warn', 'old request rows cannot be deleted', { error: String(error) });
    }
  }
}
