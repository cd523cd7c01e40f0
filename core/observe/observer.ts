import type { AlertAsk, AlertReply } from '../alerts/alert-protocol.js';
import type { AlertService } from '../alerts/alert-service.js';
import type { AlertSettings } from '../alerts/alert-settings.js';
import type { AlertView } from '../alerts/conditions.js';
import type { RequestWindow } from '../alerts/request-window.js';
import type { SinkHealth } from '../store/ledger-protocol.js';
import type { Statements } from '../store/ledger-sql.js';
import type { Poster } from '../upstream/poster.js';
import { alertFamily } from './alert-family.js';
import { budgetFamilies, type SpentBudget } from './budget-families.js';
import { type BudgetFact, type MainFacts, NO_FACTS } from './main-facts.js';
import type { Labels, MetricFamily } from './metric-family.js';
import type { OtlpPush, OtlpTarget } from './otlp-push.js';

/** What is made of the metrics beside the page. Plain data: it travels between threads. */
export interface ObserveSettings {
  /** Null: nobody is told of anything. */
  readonly alerts: AlertSettings | null;
  readonly otlp: readonly OtlpTarget[];
  /** Attributes of this gateway for whoever is told of several. */
  readonly resource: Labels;
}

export interface ObserverParts {
  /** Everything that this thread knows, without what the facts have. */
  readonly families: (facts: MainFacts) => Promise<MetricFamily[]>;
  /** The same under names that only OTLP has. */
  readonly genAi: () => Promise<MetricFamily[]>;
  readonly spent: (budget: BudgetFact) => Promise<number>;
  readonly litellmNames: boolean;
  readonly sql: Statements;
  /** What of a view of alerts this thread knows. */
  readonly alertView: () => Promise<
    Pick<AlertView, 'failing' | 'ejected' | 'troubles' | 'longest' | 'sinks' | 'spend' | 'knownMs'>
  >;
  /** Whether somebody takes what is told is not what it was. */
  readonly onHealth: () => void;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;
}

/** A sum is asked for again after that. */
const SPENT_MS = 15_000;

/** What the ledger's thread tells of the gateway beside its records: budgets on the page, and all metrics to collectors. */
export class Observer {
  private facts: MainFacts = NO_FACTS;
  private pushes: OtlpPush[] = [];
  private poster: Poster | null = null;
  private service: AlertService | null = null;
  /** Requests of the last hour; null while nobody asks. */
  window: RequestWindow | null = null;
  private settings: ObserveSettings | null = null;
  private readonly sums = new Map<string, { readonly at: number; readonly nanos: number }>();
  private applying: Promise<void> = Promise.resolve();

  constructor(private readonly parts: ObserverParts) {}

  /** What the main thread has to say, from now on. */
  tell(facts: MainFacts): void {
    this.facts = facts;
  }

  /** From now on these hold. */
  apply(settings: ObserveSettings): void {
    this.applying = this.applying
      .then(() => this.change(settings))
      .catch((error) => {
        this.parts.log('error', 'what is observed could not be changed', { error: String(error) });
      });
  }

  /** Metrics of the main thread and of budgets. */
  async families(facts: MainFacts): Promise<MetricFamily[]> {
    const budgets = await this.budgets(facts);
    const pushed = this.pushes.length === 0 ? [] : (await import('./otlp-push.js')).pushFamilies(this.pushes);
    const told = this.service === null ? [] : [alertFamily(this.service.destinations)];
    return [...budgetFamilies(budgets, this.parts.litellmNames), ...facts.families, ...pushed, ...told];
  }

  /** Budgets with what was spent of them; what the database does not tell is left out. */
  async budgets({ budgets }: MainFacts = this.facts): Promise<SpentBudget[]> {
    const now = Date.now();
    const spent: SpentBudget[] = [];
    for (const budget of budgets) {
      const { kind, id, startMs } = budget;
      const name = `${kind}:${id}:${budget.endMs === null ? budget.per : startMs}`;
      const known = this.sums.get(name);
      try {
        const fresh = known !== undefined && now - known.at < SPENT_MS;
        const nanos = fresh ? known.nanos : await this.parts.spent(budget);
        if (!fresh) this.sums.set(name, { at: now, nanos });
        spent.push({ ...budget, spentNanos: nanos });
      } catch {
        // The ledger says itself what is wrong with its database.
      }
    }
    if (this.sums.size > 2 * budgets.length + 100) this.sums.clear();
    return spent;
  }

  /** Who is told, and whether they take it. */
  sinks(): SinkHealth[] {
    return this.pushes.map(({ shown, ok }) => ({ name: `the collector ${shown}`, ok: ok !== false }));
  }

  /** Null when there are no alerts. */
  async alerts(ask: AlertAsk): Promise<AlertReply | null> {
    await this.applying;
    return this.service?.answer(ask) ?? null;
  }

  /** Tells collectors the last numbers. */
  async close(): Promise<void> {
    await this.applying;
    await this.service?.close();
    await Promise.all(this.pushes.map((push) => push.close()));
    await this.poster?.close();
  }

  private async change(settings: ObserveSettings): Promise<void> {
    const before = this.settings;
    this.settings = settings;
    if (JSON.stringify(settings.alerts) !== JSON.stringify(before?.alerts ?? null))
      await this.changeAlerts(settings.alerts);
    if (JSON.stringify(settings.otlp) !== JSON.stringify(before?.otlp)) await this.changePushes(settings);
  }

  private async changeAlerts(alerts: AlertSettings | null): Promise<void> {
    await this.service?.close();
    this.service = null;
    this.window = null;
    if (alerts === null) return;
    // Loaded by those who want to be told.
    const { AlertService } = await import('../alerts/alert-service.js');
    const { RequestWindow } = await import('../alerts/request-window.js');
    const window = new RequestWindow();
    const poster = await this.open();
    this.window = window;
    this.service = new AlertService(alerts, {
      sql: this.parts.sql,
      view: async () => {
        const known = await this.parts.alertView();
        return {
          ...known,
          now: Date.now(),
          node: alerts.node,
          budgets: await this.budgets(),
          expiring: this.facts.expiring,
          over: (windowMs) => window.over(windowMs),
          sinks: [...this.sinks(), ...known.sinks],
        };
      },
      send: ({ url, headers, body }, timeoutMs) => poster.post(url, headers, body, timeoutMs),
      log: this.parts.log,
    });
    this.service.start();
  }

  /** Loaded by those who tell somebody. */
  private async open(): Promise<Poster> {
    this.poster ??= new (await import('../upstream/poster.js')).Poster();
    return this.poster;
  }

  private async changePushes(settings: ObserveSettings): Promise<void> {
    const before = this.pushes;
    this.pushes = [];
    for (const push of before) void push.close();
    if (settings.otlp.length === 0) {
      this.parts.onHealth();
      return;
    }
    // Loaded by those who push.
    const { OtlpPush } = await import('./otlp-push.js');
    const poster = await this.open();
    this.pushes = settings.otlp.map(
      (target) =>
        new OtlpPush(target, {
          post: (url, headers, body, timeoutMs) => poster.post(url, headers, body, timeoutMs),
          families: async () => [
            ...(await this.parts.families(this.facts)),
            ...(await this.families(this.facts)),
            ...(await this.parts.genAi()),
          ],
          resource: settings.resource,
          log: this.parts.log,
          onHealth: this.parts.onHealth,
        }),
    );
    this.parts.onHealth();
  }
}
