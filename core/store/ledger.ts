import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { MessageChannel, type Transferable, Worker } from 'node:worker_threads';
import type { UsedBy, UsedSoFar } from '@headgate/sdk';
import type { AlertAsk, AlertReply } from '../alerts/alert-protocol.js';
import type { OwnedObject } from '../forward/owner.js';
import type { KeptAsk, KeptReply } from '../kept/kept-answer.js';
import type { BodyKeeping } from '../observe/bodies/body-settings.js';
import type { ExpositionFormat } from '../observe/exposition.js';
import type { LineLevel, LogLevel } from '../observe/line-level.js';
import { LogLevels, type SetLevel } from '../observe/log-levels.js';
import { componentOf, type LogFormat } from '../observe/log-line.js';
import { type MainFacts, NO_FACTS } from '../observe/main-facts.js';
import { type MetricSettings, USUAL_METRICS } from '../observe/metric-labels.js';
import type { ObserveSettings } from '../observe/observer.js';
import type { RecordLink, ThreadGauges } from '../observe/recorder-protocol.js';
import type { Invoice, InvoiceAsk } from './invoice.js';
import type {
  LedgerHealth,
  LedgerMessage,
  LedgerQuestions,
  LedgerRequest,
  LedgerSettings,
  LedgerSinks,
  Question,
} from './ledger-protocol.js';
import type { NodeLife, UsedInLife } from './node-life.js';
import type { RequestQuestion, RequestQuestions, RequestsAsk } from './requests/request-questions.js';
import type { Retention } from './retention.js';
import { SPOOL_FOLDER, type SpoolSettings } from './spool-writer.js';
import { isMemory, readAddress, type StoreAddress } from './sql/address.js';
import type { UsageQuery, UsageReport } from './usage-report.js';

export interface LedgerOptions {
  /** Folder of the spool, the lock and, unless `url` says otherwise, the database. */
  dataDir: string;
  /** `sqlite:PATH`, `postgres://…`, or `sqlite::memory:` for no disk at all. Default: `headgate.db` in `dataDir`. */
  url?: string;
  /** `request`: an answer ends only after its record is in the spool. Default: `batch`, soon after. */
  durable?: 'request' | 'batch';
  /** What is in the spool or the database survives a power failure too. Default: only with `durable: 'request'`. */
  fsync?: boolean;
  /** Whether requests are answered while records cannot be written. Default: `refuse` with `durable: 'request'`, else `serve`. */
  onFailure?: 'serve' | 'refuse';
  logLevel?: LogLevel;
  /** One log line a request, at level info. */
  logRequests?: boolean;
  logFormat?: LogFormat;
  /** What must never be written to the log. */
  secrets?: readonly string[];
  /** A file for the log instead of stdout. */
  logFile?: string;
  metrics?: MetricSettings;
  /** In a cluster: which node this is, and which start of it. */
  life?: Pick<NodeLife, 'node' | 'boot'>;
  /** Who else is told of settled requests. */
  sinks?: LedgerSinks | null;
  /** What becomes of requests and answers that are kept themselves. */
  bodies?: BodyKeeping;
  /** How long records and sums are kept; records are rounded up to whole blocks. */
  retention?: Partial<Retention>;
  /**
   * The ledger can no longer be relied on, and why. After an error that nobody caught it still keeps what comes in, so
   * that the gateway can end in order; a thread that is gone keeps nothing.
   */
  onFailed?: (why: string) => void;
}

interface Pending {
  resolve(value: LedgerQuestions[Question]['answer']): void;
  reject(error: Error): void;
}

const USUAL_BODIES: BodyKeeping = {
  secrets: true,
  redact: [],
  folder: null,
  s3: null,
  earlierS3: [],
  keepMs: 30 * 86_400_000,
  maxBytes: 5 * 1024 ** 3,
};
const DEFAULT_DAYS = 30;
const DEFAULT_QUARTER_DAYS = 400;
/** Room for new objects in the ledger's thread, MB: batches come and go, nothing stays. */
const YOUNG_MB = 6;
const DEFAULT_ROWS = 5_000_000;
/** In memory records are there to look at the last requests, not to keep. */
const DEFAULT_ROWS_IN_MEMORY = 20_000;

/**
 * Starts the thread that keeps settled records, the request log and the metrics. Rejects with a message for people when
 * the data folder cannot be written or is in use, or the database is damaged or of a newer version.
 */
export function startLedger(options: LedgerOptions): Promise<Ledger> {
  const { retention = {}, dataDir, durable = 'batch', life } = options;
  const { fsync = durable === 'request', onFailure = durable === 'request' ? 'refuse' : 'serve' } = options;
  let address: StoreAddress;
  try {
    address = readAddress(options.url, dataDir);
  } catch (error) {
    return Promise.reject(error as Error);
  }
  const inMemory = address.kind === 'sqlite' && isMemory(address.path);
  const spool = inMemory
    ? null
    : { dir: join(dataDir, SPOOL_FOLDER), durable, fsync, onFailure, boot: life?.boot ?? null };
  const days = retention.days ?? DEFAULT_DAYS;
  const settings: LedgerSettings = {
    dataDir,
    node: `${hostname()}:${resolve(dataDir)}`,
    life:
      life === undefined || inMemory
        ? null
        : { ...life, waits: durable === 'request' && onFailure === 'refuse' },
    address,
    inMemory,
    fsync,
    logLevel: options.logLevel ?? 'info',
    logRequests: options.logRequests ?? true,
    logFormat: options.logFormat ?? 'json',
    secrets: options.secrets ?? [],
    logFile: options.logFile,
    metrics: options.metrics ?? USUAL_METRICS,
    sinks: options.sinks ?? null,
    bodies: options.bodies ?? USUAL_BODIES,
    retention: {
      days,
      maxRows: retention.maxRows ?? (inMemory ? DEFAULT_ROWS_IN_MEMORY : DEFAULT_ROWS),
      maxBytes: retention.maxBytes ?? Number.POSITIVE_INFINITY,
      // Sums can be made anew from the records only while there are quarters to compare with.
      quarterDays: Math.max(retention.quarterDays ?? DEFAULT_QUARTER_DAYS, days + 1),
      sumDays: retention.sumDays ?? null,
    },
  };
  return Ledger.start(settings, spool, options.onFailed);
}

/** The main thread's handle on the ledger. */
export class Ledger {
  private readonly pending = new Map<number, Pending>();
  private readonly exited: Promise<void>;
  /** From which level on lines are written. */
  readonly logLevels: LogLevels;
  private current: LedgerHealth = { ok: true, problems: [], parts: {}, sinks: [] };
  private failure: string | null = null;
  private ids = 0;
  private ending = false;
  private ended = false;

  private constructor(
    private readonly worker: Worker,
    private readonly spool: SpoolSettings | null,
    level: LogLevel,
    private readonly onFailed: ((why: string) => void) | undefined,
  ) {
    this.logLevels = new LogLevels(level);
    worker.on('message', (message: LedgerMessage) => this.onMessage(message));
    worker.on('error', (error) => this.onGone(`the ledger's thread failed: ${error.message}`));
    this.exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.onGone("the ledger's thread ended");
        resolve();
      });
    });
  }

  static start(
    settings: LedgerSettings,
    spool: SpoolSettings | null,
    onFailed?: (why: string) => void,
  ): Promise<Ledger> {
    return new Promise((done, reject) => {
      const worker = new Worker(new URL('./ledger-thread.js', import.meta.url), {
        workerData: settings,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
        name: 'ledger',
      });
      const onExit = (): void => reject(new Error("the ledger's thread ended before it was ready"));
      worker.once('exit', onExit);
      worker.once('error', reject);
      worker.once('message', (message: LedgerMessage) => {
        worker.off('exit', onExit);
        worker.off('error', reject);
        if (message.type === 'failed') worker.once('exit', () => reject(new Error(message.message)));
        else done(new Ledger(worker, spool, settings.logLevel, onFailed));
      });
    });
  }

  /** What the `Recorder` of one I/O thread needs; the port must be transferred to it. */
  connect(): RecordLink {
    const { port1, port2 } = new MessageChannel();
    this.send({ type: 'connect', port: port1 }, [port1]);
    return { port: port2, spool: this.spool };
  }

  /** Usage of every request recorded so far. Rejects while the database cannot be written. */
  async usage(query: UsageQuery): Promise<UsageReport> {
    return (await this.ask('usage', query)) as UsageReport;
  }

  /** Draws up, issues, finds and takes back invoices. Rejects while the database cannot be written. */
  async invoices(ask: InvoiceAsk): Promise<Invoice[]> {
    return (await this.ask('invoices', ask)) as Invoice[];
  }

  /** Searches requests and tells of single ones. Rejects while the database cannot be written. */
  async requests<Q extends RequestQuestion>(
    question: Q,
    ask: RequestQuestions[Q]['ask'],
  ): Promise<RequestQuestions[Q]['answer']> {
    const asked = { do: question, ask } as RequestsAsk;
    return (await this.ask('requests', asked)) as RequestQuestions[Q]['answer'];
  }

  /** What its requests used that arrived since then, unix milliseconds. */
  async used(of: UsedBy, sinceMs: number): Promise<UsedSoFar> {
    return (await this.ask('used', { of, sinceMs })) as UsedSoFar;
  }

  /** Of a cluster: the lives of this node before this one, as long as they have not been settled. */
  async earlierLives(): Promise<readonly string[]> {
    return (await this.ask('earlierLives', null)) as readonly string[];
  }

  /** What its requests used that such a life has served; null when that is not known exactly. Its spool is read before. */
  async usedInLife(life: string, of: UsedBy, sinceMs: number): Promise<UsedInLife | null> {
    return (await this.ask('usedInLife', { life, of, sinceMs })) as UsedInLife | null;
  }

  /** Of a cluster: how many nodes have begun or recorded something in the last day, this one included. */
  async nodesOfLate(): Promise<number> {
    return (await this.ask('nodesOfLate', null)) as number;
  }

  /** These lives have been settled. */
  async forgetLives(lives: readonly string[]): Promise<void> {
    await this.ask('forgetLives', lives);
  }

  /** Those of these ids of objects that are known. */
  async ownersOf(ids: readonly string[]): Promise<OwnedObject[]> {
    return (await this.ask('ownersOf', ids)) as OwnedObject[];
  }

  /** Keeps whose these objects are. */
  async own(objects: readonly OwnedObject[]): Promise<void> {
    await this.ask('own', objects);
  }

  /** Asks the store of kept answers. */
  async kept(question: KeptAsk): Promise<KeptReply> {
    return (await this.ask('kept', question)) as KeptReply;
  }

  /** Whether keys and the like may be stored: on Postgres, where other nodes make them, always. */
  async governed(): Promise<boolean> {
    return (await this.ask('governed', null)) as boolean;
  }

  /**
   * Everything for `/metrics`.
   *
   * @param facts what the calling thread knows, to be on the same page
   */
  async metrics(format: ExpositionFormat = 'prometheus', facts: MainFacts = NO_FACTS): Promise<string> {
    return String(await this.ask('metrics', { format, facts }));
  }

  /** These levels count from now on, beside that of the start. */
  setLogLevels(changes: readonly SetLevel[]): void {
    this.logLevels.replace(changes);
    if (!this.ended) this.send({ type: 'logLevels', changes });
  }

  /** What must never be written to the log, from now on. */
  knowSecrets(secrets: readonly string[]): void {
    if (!this.ended) this.send({ type: 'secrets', secrets });
  }

  /** Alerts that there are, silences, tests; null when the configuration has no alerts. */
  async alerts(ask: AlertAsk): Promise<AlertReply | null> {
    return (await this.ask('alerts', ask)) as AlertReply | null;
  }

  /** The lines of the log that were written last, at most so many. */
  async recentLines(most: number): Promise<string[]> {
    return (await this.ask('recentLines', most)) as string[];
  }

  /** How the threads that settle requests are, and the ledger's own. */
  async threads(): Promise<ThreadGauges[]> {
    return (await this.ask('threads', null)) as ThreadGauges[];
  }

  /** What is made of the metrics from now on. */
  observe(settings: ObserveSettings): void {
    if (!this.ended) this.send({ type: 'observe', settings });
  }

  /** What the main thread knows, for what is observed. */
  tellFacts(facts: MainFacts): void {
    if (!this.ended) this.send({ type: 'facts', facts });
  }

  /** Writes a log line, by the same writer as the request lines. */
  log(level: LineLevel, message: string, fields: Record<string, unknown> = {}): void {
    if (this.ended || !this.logLevels.writes(level, componentOf(fields, 'gateway'))) return;
    try {
      this.send({ type: 'log', level, message, fields });
    } catch {
      // A field that cannot be copied to another thread, such as a function.
      this.send({ type: 'log', level, message, fields: { unwritable: Object.keys(fields) } });
    }
  }

  health(): LedgerHealth {
    const { failure, current } = this;
    if (failure === null) return current;
    const parts = { ...current.parts, database: failure };
    return { ...current, ok: false, problems: [failure, ...current.problems], parts };
  }

  /** Who else is told of settled requests from now on. */
  useSinks(sinks: LedgerSinks | null): void {
    this.send({ type: 'sinks', sinks });
  }

  /** Resolves when everything recorded before, in any thread, is in the database; rejects when that is not sure. */
  async flush(): Promise<void> {
    await this.ask('flush', null);
  }

  /** Takes in and writes what is left and ends the thread. What the database refuses stays in the spool for the next start. */
  close(): Promise<void> {
    if (!this.ending) {
      this.ending = true;
      this.send({ type: 'close' });
    }
    return this.exited;
  }

  private ask<Q extends Question>(
    question: Q,
    ask: LedgerQuestions[Q]['ask'],
  ): Promise<LedgerQuestions[Question]['answer']> {
    if (this.ended) return Promise.reject(new Error("the ledger's thread has ended"));
    const id = ++this.ids;
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      this.send({ type: 'ask', id, question, ask } as LedgerRequest);
    });
  }

  private onMessage(message: LedgerMessage): void {
    if (message.type === 'health') this.current = message.health;
    if (message.type === 'broken') this.fail(`the ledger failed: ${message.why}`);
    if (message.type !== 'answer' && message.type !== 'refused') return;
    const waiting = this.pending.get(message.id);
    this.pending.delete(message.id);
    if (message.type === 'answer') waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.message));
  }

  private onGone(why: string): void {
    if (this.ended) return;
    this.ended = true;
    if (!this.ending) this.fail(`${why}; what is settled from now on is not recorded`);
    for (const waiting of this.pending.values()) waiting.reject(new Error(why));
    this.pending.clear();
  }

  private fail(why: string): void {
    this.failure ??= why;
    this.onFailed?.(why);
  }

  private send(message: LedgerRequest, transfer: readonly Transferable[] = []): void {
    this.worker.postMessage(message, transfer);
  }
}
