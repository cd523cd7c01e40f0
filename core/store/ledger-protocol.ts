import type { MessagePort } from 'node:worker_threads';
import type { UsedBy, UsedSoFar } from '@headgate/sdk';
import type { AlertAsk, AlertReply } from '../alerts/alert-protocol.js';
import type { OwnedObject } from '../forward/owner.js';
import type { KeptAsk, KeptReply } from '../kept/kept-answer.js';
import type { BodyKeeping } from '../observe/bodies/body-settings.js';
import type { ExpositionFormat } from '../observe/exposition.js';
import type { LineLevel, LogLevel } from '../observe/line-level.js';
import type { SetLevel } from '../observe/log-levels.js';
import type { LogFormat } from '../observe/log-line.js';
import type { MainFacts } from '../observe/main-facts.js';
import type { MetricSettings } from '../observe/metric-labels.js';
import type { ObserveSettings } from '../observe/observer.js';
import type { ThreadGauges } from '../observe/recorder-protocol.js';
import type { SinksSetup } from '../sinks/sink-settings.js';
import type { Invoice, InvoiceAsk } from './invoice.js';
import type { NodeLife, UsedInLife } from './node-life.js';
import type { RequestsAnswer, RequestsAsk } from './requests/request-questions.js';
import type { Retention } from './retention.js';
import type { StoreAddress } from './sql/address.js';
import type { UsageQuery, UsageReport } from './usage-report.js';

/** Somebody who is told of the gateway, such as a collector. */
export interface SinkHealth {
  readonly name: string;
  readonly ok: boolean;
}

/** How the ledger is. `problems` are sentences for people; empty when all is well. */
export interface LedgerHealth {
  ok: boolean;
  problems: string[];
  /** The same by the part that has the trouble: `database`, `spool`. */
  parts: Readonly<Record<string, string>>;
  /** Who is told of the gateway, and whether they take it. */
  sinks: readonly SinkHealth[];
}

export interface LedgerSettings {
  dataDir: string;
  /** This process among those that share the database; the same after a restart. */
  node: string;
  address: StoreAddress;
  /** In a cluster: this life of it. */
  life: NodeLife | null;
  /** Nothing is kept on disk. */
  inMemory: boolean;
  /** What was committed to the database survives a power failure. */
  fsync: boolean;
  logLevel: LogLevel;
  logRequests: boolean;
  logFormat: LogFormat;
  /** What must never be written to the log. */
  secrets: readonly string[];
  logFile?: string;
  retention: Retention;
  bodies: BodyKeeping;
  metrics: MetricSettings;
  /** Who else is told of settled requests; null: nobody. */
  sinks: LedgerSinks | null;
}

export interface LedgerSinks {
  readonly setup: SinksSetup;
  /** URL of what their thread is started from. */
  readonly entry: string;
}

/** What can be asked of the ledger's thread, and what it answers. */
export interface LedgerQuestions {
  usage: { ask: UsageQuery; answer: UsageReport };
  used: { ask: { of: UsedBy; sinceMs: number }; answer: UsedSoFar };
  /** A page of all metrics, with what the main thread knows itself. */
  metrics: { ask: { format: ExpositionFormat; facts: MainFacts }; answer: string };
  /** Earlier lives of this node of a cluster whose spool is here. */
  earlierLives: { ask: null; answer: readonly string[] };
  usedInLife: { ask: { life: string; of: UsedBy; sinceMs: number }; answer: UsedInLife | null };
  nodesOfLate: { ask: null; answer: number };
  forgetLives: { ask: readonly string[]; answer: null };
  flush: { ask: null; answer: null };
  /** So many of the last lines of the log. */
  recentLines: { ask: number; answer: string[] };
  /** Null when there are no alerts. */
  alerts: { ask: AlertAsk; answer: AlertReply | null };
  /** How the threads that settle requests are, and the ledger's own. */
  threads: { ask: null; answer: ThreadGauges[] };
  ownersOf: { ask: readonly string[]; answer: OwnedObject[] };
  own: { ask: readonly OwnedObject[]; answer: null };
  kept: { ask: KeptAsk; answer: KeptReply };
  invoices: { ask: InvoiceAsk; answer: Invoice[] };
  requests: { ask: RequestsAsk; answer: RequestsAnswer };
  /** Whether anybody has used the database as a store of keys and the like. */
  governed: { ask: null; answer: boolean };
}

export type Question = keyof LedgerQuestions;

/** From the main thread to the ledger's. */
export type LedgerRequest =
  | { type: 'connect'; port: MessagePort }
  | { type: 'log'; level: LineLevel; message: string; fields: Record<string, unknown> }
  | { type: 'observe'; settings: ObserveSettings }
  | { type: 'facts'; facts: MainFacts }
  | { type: 'logLevels'; changes: readonly SetLevel[] }
  | { type: 'secrets'; secrets: readonly string[] }
  /** Who else is told of settled requests from now on. */
  | { type: 'sinks'; sinks: LedgerSinks | null }
  | { type: 'close' }
  | { [Q in Question]: { type: 'ask'; id: number; question: Q; ask: LedgerQuestions[Q]['ask'] } }[Question];

/** From the ledger's thread to the main one. */
export type LedgerMessage =
  | { type: 'ready' }
  | { type: 'failed'; message: string }
  | { type: 'health'; health: LedgerHealth }
  /** An error that nobody caught; the thread goes on until it is closed. */
  | { type: 'broken'; why: string }
  | { type: 'answer'; id: number; value: LedgerQuestions[Question]['answer'] }
  | { type: 'refused'; id: number; message: string };
