import { join } from 'node:path';
import type { LogWriter } from '../observe/log-writer.js';
import { RequestMetrics } from '../observe/metrics.js';
import type { SettledConsumer } from '../observe/settled-detail.js';
import { threadState } from '../observe/thread-watch.js';
import { ChangingSinks } from '../sinks/changing-sinks.js';
import { Applier } from './applier.js';
import { BlockData } from './block-data.js';
import { BlockMerger } from './block-merger.js';
import { CommitSchedule } from './commit-schedule.js';
import type { Unlock } from './data-dir-lock.js';
import { type Chore, Housekeeping } from './housekeeping.js';
import { Intake } from './intake.js';
import type { KeptAnswers } from './kept-answers.js';
import { LedgerObserver } from './ledger-observer.js';
import { type LedgerParts, openParts } from './ledger-parts.js';
import type {
  LedgerHealth,
  LedgerQuestions,
  LedgerRequest,
  LedgerSettings,
  Question,
} from './ledger-protocol.js';
import { type LedgerSql, one } from './ledger-sql.js';
import type { LedgerStore } from './ledger-store.js';
import type { NodeLives } from './node-lives.js';
import { answerOwners, ObjectOwners } from './object-owners.js';
import type { RecordBatch } from './record-batch.js';
import { RecordSources } from './record-sources.js';
import { RequestReader } from './request-reader.js';
import { goesOn, type RequestsAsk } from './requests/request-questions.js';
import { RequestSide } from './requests/request-side.js';
import { BlockRetention, type Retention } from './retention.js';
import type { Spool } from './spool.js';
import { DeletedSegments } from './spool-positions.js';
import { Troubles } from './troubles.js';
import { UsageBlocks } from './usage-blocks.js';
import { UsageReader } from './usage-reader.js';
import { UsageRetention } from './usage-retention.js';

const SPOOL_RETRY_MS = 1000;
/** In the data folder: what waits for sinks. */
const SINKS_FOLDER = 'sinks';

/**
 * The ledger as it runs in its thread: batches come in from the ports, go to log and metrics, then to the database; those that
 * are not in the spool yet go there first.
 */
export class LedgerService {
  private readonly metrics: RequestMetrics;
  private readonly troubles: Troubles;
  private readonly applier: Applier;
  private readonly schedule: CommitSchedule;
  private readonly intake: Intake;
  private readonly sources: RecordSources;
  private readonly reader: UsageReader;
  private readonly owners: ObjectOwners;
  private readonly answers: ObjectOwners;
  private readonly kept: KeptAnswers;
  private readonly observer: LedgerObserver;
  private readonly lives: NodeLives | null;
  /** See `NodeLife.waits`. */
  private readonly waits: boolean;
  private readonly housekeeping: Housekeeping;
  private readonly unlock: Unlock;
  private readonly db: LedgerSql;
  private readonly spool: Spool | null;
  private readonly log: LogWriter;
  private spoolRetry: NodeJS.Timeout | undefined;
  /** Who else is told of what comes in. */
  private readonly consumers: SettledConsumer[] = [];
  private readonly blocks: BlockData;
  private readonly requests: RequestSide;
  private readonly sinks: ChangingSinks;
  /** Files of the spool that an earlier run left: sinks may not have been told of what is in them. */
  private readonly earlier: ReadonlySet<string>;
  private stored = 0;
  private lost = 0;

  /** Rejects, with a message for people, when it cannot start; nothing is left open then. */
  static async start(
    settings: LedgerSettings,
    onHealth: (health: LedgerHealth) => void,
  ): Promise<LedgerService> {
    const parts = await openParts(settings);
    const service = new LedgerService(parts, settings, onHealth);
    await service.sinks.change(settings.sinks);
    service.schedule.wake();
    return service;
  }

  private constructor(
    { unlock, db, spool, log, store, kept, lives }: LedgerParts,
    {
      retention,
      metrics,
      dataDir,
      bodies,
      life,
    }: Pick<LedgerSettings, 'retention' | 'metrics' | 'dataDir' | 'bodies' | 'life'>,
    onHealth: (health: LedgerHealth) => void,
  ) {
    this.metrics = new RequestMetrics(metrics, (label) => log.redactor.text(label));
    this.unlock = unlock;
    this.db = db;
    this.spool = spool;
    this.earlier = new Set(spool?.segmentNames);
    this.log = log;
    const tell = (): void =>
      onHealth({
        ...this.troubles.health(),
        sinks: [...this.observer.sinks(), ...this.sinks.health()],
      });
    this.troubles = new Troubles((level, message, fields) => log.line(level, message, fields), tell);
    this.sinks = new ChangingSinks({
      dir: spool === null ? null : join(dataDir, SINKS_FOLDER),
      log: (level, message, fields) => log.line(level, message, { component: 'sinks', ...fields }),
      contents: (ids) => this.requests.contents(ids),
      onHealth: tell,
    });
    this.owners = new ObjectOwners(db);
    this.answers = answerOwners(db);
    this.kept = kept;
    this.lives = lives;
    this.waits = life?.waits === true;
    this.blocks = new BlockData((block, error) => this.damaged(block, error));
    this.reader = new UsageReader(db, new RequestReader(db, this.blocks));
    this.observer = new LedgerObserver({
      db,
      troubles: () => this.troubles.health().parts,
      reader: this.reader,
      log,
      metrics: this.metrics,
      sinks: () => this.sinks.families(),
      sinkHealth: () => this.sinks.health(),
      sources: () => this.sources,
      numbers: () => ({
        received: this.intake.records,
        stored: this.stored,
        lost: this.lost + this.sources.lost,
        waiting: this.applier.waiting,
        backlogBytes: this.spool?.backlogBytes ?? 0,
        bodiesDropped: this.requests.bodiesDropped,
        ok: this.troubles.health().ok,
      }),
      onHealth: tell,
    });
    this.consumers.push(this.observer);
    this.requests = new RequestSide({
      db,
      blocks: this.blocks,
      bodies,
      hidden: (text) => log.redactor.text(text),
      onTrouble: (message, error) => log.line('error', message, { error: String(error) }),
      onUnkept: (message, error) => this.troubles.begin('bodies', message, error),
      onKept: () => this.troubles.end('bodies'),
      onLeft: (message) => log.line('warn', message, {}),
    });
    this.applier = new Applier({
      store: {
        commit: async (batches) => {
          if (this.sources.lost > 0) lives?.spoil();
          const added = await store.commit(batches);
          this.stored += added;
          this.requests.committed(batches);
          return added;
        },
        refusal: (batch) => store.refusal(batch),
      },
      spool,
      onTrouble: (message, error) => this.troubles.begin('database', message, error),
      onRecovered: () => this.troubles.end('database'),
      onLost: (records) => this.lose(records),
      onReadBack: (batch, { segment }) => {
        if (this.earlier.has(segment)) this.sinks.take(batch);
      },
    });
    this.housekeeping = new Housekeeping(
      this.chores(store, retention),
      () => this.applier.idle,
      (message, error) => log.line('warn', message, { error: String(error) }),
    );
    this.schedule = new CommitSchedule(this.applier, () => this.housekeeping.run());
    this.intake = new Intake({
      spool,
      applier: this.applier,
      observe: (batch) => this.observe(batch),
      onTrouble: (message, error) => this.spoolFailed(message, error),
      onRecovered: () => this.spoolRecovered(),
      onLost: (records) => this.lose(records),
    });
    this.sources = new RecordSources(
      (batch, end) => {
        this.intake.take(batch, end);
        this.schedule.wake();
      },
      (segment) => spool?.seal(segment),
      (bodies) => this.requests.take(bodies),
    );
  }

  /** Messages of the main thread but for questions and the end. */
  tell(message: Exclude<LedgerRequest, { type: 'ask' | 'close' }>): void {
    if (message.type === 'connect') this.sources.add(message.port);
    else if (message.type === 'observe') this.observer.apply(message.settings);
    else if (message.type === 'facts') this.observer.tell(message.facts);
    else if (message.type === 'logLevels') this.log.levels.replace(message.changes);
    else if (message.type === 'secrets') this.log.redactor.know(message.secrets);
    else if (message.type === 'sinks') void this.sinks.change(message.sinks);
    else this.log.line(message.level, message.message, message.fields);
  }

  async answer<Q extends Question>(
    question: Q,
    ask: LedgerQuestions[Q]['ask'],
  ): Promise<LedgerQuestions[Question]['answer']> {
    if (question === 'ownersOf') return this.ownersOf(ask as LedgerQuestions['ownersOf']['ask']);
    if (question === 'own') return this.own(ask as LedgerQuestions['own']['ask']);
    if (question === 'kept') return this.kept.answer(ask as LedgerQuestions['kept']['ask']);
    if (question === 'governed') return this.governed();
    if (question === 'earlierLives') return this.lives?.earlier ?? [];
    if (question === 'nodesOfLate') return (await this.lives?.nodesOfLate(Date.now())) ?? 1;
    if (question === 'forgetLives') {
      await this.lives?.forget(ask as LedgerQuestions['forgetLives']['ask']);
      return null;
    }
    if (question === 'alerts') return this.observer.alerts(ask as LedgerQuestions['alerts']['ask']);
    if (question === 'recentLines') return this.log.recentLines(ask as number);
    if (question === 'requests' && goesOn(ask as RequestsAsk))
      return this.requests.answer(ask as RequestsAsk);
    const complete = await this.sources.collect();
    if (question === 'threads')
      return [...this.sources.gauges(), { in_flight_requests: 0, thread: threadState('ledger') }];
    if (question === 'metrics') return this.observer.page(ask as LedgerQuestions['metrics']['ask']);
    if (question === 'flush' && !complete) throw new Error('a thread that records requests does not answer');
    if (!this.intake.retry()) throw new Error('the spool cannot be written at the moment; see the log');
    await this.schedule.drain();
    if (question === 'usage') return this.reader.report(ask as LedgerQuestions['usage']['ask']);
    if (question === 'invoices') return this.invoices(ask as LedgerQuestions['invoices']['ask']);
    if (question === 'requests') return this.requests.answer(ask as RequestsAsk);
    if (question === 'flush') return null;
    if (question === 'usedInLife') {
      const { life, of, sinceMs } = ask as LedgerQuestions['usedInLife']['ask'];
      return (await this.lives?.used(life, of, sinceMs)) ?? null;
    }
    const { of, sinceMs } = ask as LedgerQuestions['used']['ask'];
    return this.reader.used(of, sinceMs);
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
    await Promise.all([this.sinks.close(), ...this.consumers.map((consumer) => consumer.close())]);
    await this.requests.close();
    this.spool?.close();
    await this.db.close();
    await this.log.close();
    this.unlock();
  }

  private chores(store: LedgerStore, limits: Retention): Chore[] {
    const { db, spool, blocks } = this;
    const retention = new BlockRetention(db, limits);
    const sums = new UsageRetention(db, limits, () => store.usage.forget());
    const merger = new BlockMerger(db, blocks);
    const columns = new UsageBlocks(db);
    const segments = new DeletedSegments(db);
    const forget = async (now: number): Promise<boolean> => {
      await segments.forget(spool?.takeRemoved() ?? [], now);
      return false;
    };
    return [
      { step: (now) => retention.step(now), failure: 'old records cannot be deleted' },
      { step: (now) => sums.step(now), failure: 'old sums of usage cannot be deleted' },
      { step: (now) => merger.step(now), failure: 'blocks of records cannot be merged' },
      ...this.requests.chores(),
      { step: (now) => columns.step(now), failure: 'sums of usage cannot be written by columns' },
      { step: (now) => this.owners.expire(now), failure: 'old owners of objects cannot be deleted' },
      { step: (now) => this.answers.expire(now), failure: 'old owners of answers cannot be deleted' },
      { step: (now) => this.kept.expire(now), failure: 'kept answers that have expired cannot be deleted' },
      ...(this.lives === null ? [] : [upkeep(this.lives)]),
      { step: forget, failure: 'places in the spool that are no longer needed cannot be deleted' },
    ];
  }

  private async ownersOf(
    ids: LedgerQuestions['ownersOf']['ask'],
  ): Promise<LedgerQuestions['ownersOf']['answer']> {
    const found = await this.owners.find(ids);
    const left = ids.filter((id) => !found.some((one) => one.id === id));
    return left.length === 0 ? found : [...found, ...(await this.answers.find(left))];
  }

  private async own(objects: LedgerQuestions['own']['ask']): Promise<null> {
    const [answers, others] = [objects.filter((one) => one.answers), objects.filter((one) => !one.answers)];
    if (others.length > 0) await this.owners.add(others);
    if (answers.length > 0) await this.answers.add(answers);
    return null;
  }

  private async governed(): Promise<boolean> {
    if (this.db.kind === 'postgres') return true;
    return (await one(this.db, "SELECT count(*) FROM sqlite_master WHERE name = 'control_entities'")) > 0;
  }

  /** Loaded when somebody asks for one. */
  private async invoices(
    ask: LedgerQuestions['invoices']['ask'],
  ): Promise<LedgerQuestions['invoices']['answer']> {
    const { Invoices } = await import('./invoices.js');
    return new Invoices(this.db, this.reader).answer(ask);
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
      for (const consumer of this.consumers) consumer.take(batch);
      this.sinks.take(batch);
    } catch (error) {
      this.log.line('error', 'settled records could not be shown in log and metrics', {
        error: String(error),
      });
    }
  }

  private spoolFailed(message: string, error: unknown): void {
    this.troubles.begin('spool', message, error);
    // Answers go out whose records only this process has.
    if (!this.waits) this.lives?.spoil();
    this.sources.tell({ type: 'full', full: true });
    this.spoolRetry ??= setTimeout(() => {
      this.spoolRetry = undefined;
      // A failed try comes back here and sets the next one.
      if (this.intake.retry()) this.schedule.wake();
    }, SPOOL_RETRY_MS);
  }

  private spoolRecovered(): void {
    this.troubles.end('spool');
    this.sources.tell({ type: 'full', full: false });
  }

  private lose(records: number): void {
    this.lives?.spoil();
    if (this.lost === 0)
      this.log.line('error', 'settled records are being lost; headgate_records_lost_total counts them');
    this.lost += records;
  }
}

const upkeep = ({ upkeep }: NodeLives): Chore => ({
  step: (now) => upkeep.step(now),
  failure: 'what lives of nodes have recorded cannot be tidied up',
});
