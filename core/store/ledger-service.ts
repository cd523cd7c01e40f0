import { join } from 'node:path';
import { exposition } from '../observe/exposition.js';
import { LogWriter } from '../observe/log-writer.js';
import { RequestMetrics } from '../observe/metrics.js';
import { requestFamilies } from '../observe/request-families.js';
import { Applier } from './applier.js';
import { BlockData } from './block-data.js';
import { BlockMerger } from './block-merger.js';
import { CommitSchedule } from './commit-schedule.js';
import { lockDataDir, type Unlock } from './data-dir-lock.js';
import { type Chore, Housekeeping } from './housekeeping.js';
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
import { ObjectOwners } from './object-owners.js';
import { OldRequests } from './old-requests.js';
import { databasePath, openDatabase, type Sqlite } from './open-database.js';
import type { RecordBatch } from './record-batch.js';
import { RecordSources } from './record-sources.js';
import { RequestReader } from './request-reader.js';
import { BlockRetention, type Retention } from './retention.js';
import { Spool } from './spool.js';
import { isMemory } from './sql/address.js';
import { Troubles } from './troubles.js';
import { UsageReader } from './usage-reader.js';

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
  private readonly owners: ObjectOwners;
  private readonly housekeeping: Housekeeping;
  private spoolRetry: NodeJS.Timeout | undefined;
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
    this.owners = new ObjectOwners(this.db);
    const old = new OldRequests(this.db);
    const blocks = new BlockData(this.db, (block, error) => this.damaged(block, error));
    this.reader = new UsageReader(this.db, new RequestReader(this.db, blocks), old);
    try {
      this.spool = inMemory ? null : this.openSpool(settings.dataDir, store);
    } catch (error) {
      this.db.close();
      this.unlock();
      throw error;
    }
    this.applier = new Applier({
      store: {
        commit: (batches) => {
          const added = store.commit(batches);
          this.stored += added;
          return added;
        },
        refusal: (batch) => store.refusal(batch),
      },
      spool: this.spool,
      onTrouble: (message, error) => this.troubles.begin('database', message, error),
      onRecovered: () => this.troubles.end('database'),
      onLost: (records) => this.lose(records),
    });
    this.housekeeping = new Housekeeping(
      this.chores(store, old, blocks, settings.retention),
      () => this.applier.idle,
      (message, error) => this.log.line('warn', message, { error: String(error) }),
    );
    this.schedule = new CommitSchedule(this.applier, () => this.housekeeping.run());
    this.intake = new Intake({
      spool: this.spool,
      applier: this.applier,
      observe: (batch) => this.observe(batch),
      onTrouble: (message, error) => this.spoolFailed(message, error),
      onRecovered: () => this.troubles.end('spool'),
      onLost: (records) => this.lose(records),
    });
    this.sources = new RecordSources((batch) => {
      this.intake.take(batch);
      this.schedule.wake();
    });
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
    if (question === 'ownerOf') return this.owners.find(ask as LedgerQuestions['ownerOf']['ask']);
    if (question === 'own') return this.owners.add(ask as LedgerQuestions['own']['ask']);
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
    this.housekeeping.stop();
    this.spool?.close();
    this.db.close();
    await this.log.close();
    this.unlock();
  }

  private openSpool(dataDir: string, store: LedgerStore): Spool {
    const spool = new Spool(join(dataDir, 'spool'), {
      warn: (message, fields) => this.log.line('warn', message, fields),
    });
    spool.recover((segment) => store.positions.of(segment));
    return spool;
  }

  private chores(store: LedgerStore, old: OldRequests, blocks: BlockData, limits: Retention): Chore[] {
    const { db, spool } = this;
    const retention = new BlockRetention(db, limits);
    const merger = new BlockMerger(db, blocks);
    const forget = (now: number): boolean => {
      store.positions.forget(spool?.takeRemoved() ?? [], now);
      return false;
    };
    return [
      { step: () => old.step(), failure: 'records of an earlier version cannot be taken over' },
      // Until then the oldest records are not in blocks.
      { step: (now) => !old.left && retention.step(now), failure: 'old records cannot be deleted' },
      { step: (now) => merger.step(now), failure: 'blocks of records cannot be merged' },
      { step: (now) => this.owners.expire(now), failure: 'old owners of objects cannot be deleted' },
      { step: forget, failure: 'places in the spool that are no longer needed cannot be deleted' },
    ];
  }

  private damaged(block: number, error: unknown): void {
    this.log.line('error', 'a block of settled records in the database is damaged and left out', {
      block,
      error: String(error),
    });
  }

  private observe(batch: RecordBatch): void {
    try {
      this.log.requests(batch);
      this.metrics.add(batch);
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
}
