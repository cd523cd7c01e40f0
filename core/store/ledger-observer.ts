import type { SettledRecord } from '@headgate/sdk';
import type { AlertAsk, AlertReply } from '../alerts/alert-protocol.js';
import type { AlertView } from '../alerts/conditions.js';
import { ejectedTargets } from '../observe/ejected-targets.js';
import type { ExpositionFormat } from '../observe/exposition.js';
import type { LogWriter } from '../observe/log-writer.js';
import type { MainFacts } from '../observe/main-facts.js';
import type { MetricFamily } from '../observe/metric-family.js';
import type { RequestMetrics } from '../observe/metrics.js';
import { Observer, type ObserveSettings } from '../observe/observer.js';
import { requestFamilies } from '../observe/request-families.js';
import type { SettledConsumer } from '../observe/settled-detail.js';
import { threadState, watchThread } from '../observe/thread-watch.js';
import { type LedgerNumbers, ledgerFamilies } from './ledger-metrics.js';
import type { SinkHealth } from './ledger-protocol.js';
import type { Statements } from './ledger-sql.js';
import type { RecordSources } from './record-sources.js';
import type { UsageReader } from './usage-reader.js';
import { knownSince, UsualSpend } from './usual-spend.js';

export interface ObservedLedger {
  readonly db: Statements;
  readonly reader: UsageReader;
  readonly log: LogWriter;
  readonly metrics: RequestMetrics;
  readonly sinkHealth: () => readonly SinkHealth[];
  /** How sinks fare. */
  readonly sinks: () => Promise<MetricFamily[]>;
  /** There once the ledger is. */
  readonly sources: () => RecordSources;
  readonly numbers: () => Omit<LedgerNumbers, 'inFlightRequests' | 'logWritesDropped'>;
  /** What is wrong, by its part. */
  readonly troubles: () => Readonly<Record<string, string>>;
  /** Whether somebody takes what is told is not what it was. */
  readonly onHealth: () => void;
}

/** What the ledger's thread knows of the gateway, for the page of metrics, collectors and the rules of alerts. */
export class LedgerObserver implements SettledConsumer {
  private readonly observer: Observer;
  private readonly spend: UsualSpend;

  constructor(private readonly ledger: ObservedLedger) {
    const { metrics, reader, log, sources, db, onHealth } = ledger;
    this.spend = new UsualSpend(db, reader);
    this.observer = new Observer({
      families: async (facts) => {
        await sources().collect();
        return this.families(facts);
      },
      genAi: async () => (await import('../observe/gen-ai-families.js')).genAiFamilies(metrics),
      spent: async ({ kind, id, startMs }) => (await reader.used({ kind, id }, startMs)).nanos,
      litellmNames: metrics.settings.litellmNames,
      log: (level, message, fields) => log.line(level, message, { component: 'observe', ...fields }),
      onHealth,
      sql: db,
      alertView: () => this.alertView(),
    });
    watchThread();
  }

  apply(settings: ObserveSettings): void {
    this.observer.apply(settings);
  }

  tell(facts: MainFacts): void {
    this.observer.tell(facts);
  }

  take(records: Iterable<SettledRecord>): void {
    this.observer.window?.take(records);
  }

  sinks(): SinkHealth[] {
    return this.observer.sinks();
  }

  alerts(ask: AlertAsk): Promise<AlertReply | null> {
    return this.observer.alerts(ask);
  }

  /** The page of metrics. Written here, since thousands of lines would hold up a thread that serves requests. */
  async page({ format, facts }: { format: ExpositionFormat; facts: MainFacts }): Promise<string> {
    const { exposition } = await import('../observe/exposition.js');
    return exposition([...(await this.families(facts)), ...(await this.observer.families(facts))], format);
  }

  close(): Promise<void> {
    return this.observer.close();
  }

  private async families({ threads }: MainFacts): Promise<MetricFamily[]> {
    const { metrics, sources, log, numbers, sinks } = this.ledger;
    const gauges = sources().gauges();
    const inFlightRequests = gauges.reduce((sum, one) => sum + one.in_flight_requests, 0);
    const { threadFamilies } = await import('../observe/thread-families.js');
    return [
      ...threadFamilies(
        [...threads, ...gauges.flatMap(({ thread }) => thread ?? []), threadState('ledger')],
        gauges,
      ),
      ...requestFamilies(metrics),
      ...(await this.litellmFamilies(inFlightRequests, ejectedTargets(gauges))),
      ...(await sinks()),
      ...ledgerFamilies({ ...numbers(), inFlightRequests, logWritesDropped: log.dropped }),
    ];
  }

  /** Loaded by those who asked for its names. */
  private async litellmFamilies(
    inFlight: number,
    ejected: ReturnType<typeof ejectedTargets>,
  ): Promise<MetricFamily[]> {
    const { metrics } = this.ledger;
    if (!metrics.settings.litellmNames) return [];
    const { litellmFamilies } = await import('../observe/litellm-families.js');
    return litellmFamilies(metrics, inFlight, ejected);
  }

  /** What this thread knows of what rules look at. */
  private async alertView(): Promise<
    Pick<AlertView, 'failing' | 'ejected' | 'troubles' | 'longest' | 'sinks' | 'spend' | 'knownMs'>
  > {
    const { metrics, sources, troubles, db } = this.ledger;
    await sources().collect();
    const knownMs = await knownSince(db).then(
      (since) => since?.days ?? null,
      () => null,
    );
    return {
      failing: metrics.attempts.entries().flatMap(({ labels, value }) => {
        const [provider = '', model = ''] = labels;
        return value.failing ? [{ provider, model, inRow: value.failuresInRow }] : [];
      }),
      ejected: ejectedTargets(sources().gauges()).filter(({ threads }) => threads > 0),
      troubles: troubles(),
      sinks: this.ledger.sinkHealth(),
      longest: sources()
        .gauges()
        .flatMap(({ oldest = [] }) => oldest)
        .toSorted((a, b) => b.ms - a.ms),
      spend: (days, zone) => this.spend.of(days, zone),
      knownMs,
    };
  }
}
