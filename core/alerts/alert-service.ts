import { randomBytes } from 'node:crypto';
import type { Statements } from '../store/ledger-sql.js';
import { AlertBook, isSilenced, mergedAlerts, type Silence } from './alert-book.js';
import type { AlertAsk, AlertReply } from './alert-protocol.js';
import type { AlertSettings } from './alert-settings.js';
import { type AlertState, AlertStore } from './alert-store.js';
import { type AlertView, type Condition, conditionsOf, idOf } from './conditions.js';
import type { SendPost } from './deliver.js';
import { type MessageCounts, Outbox } from './outbox.js';

export interface AlertParts {
  readonly sql: Statements;
  readonly view: () => Promise<AlertView>;
  readonly send: SendPost;
  readonly now?: () => number;
  readonly log: (level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void;
}

/** The start has other things to do, and the main thread has to say what it knows. */
const FIRST_MS = 2_000;
/** Looks in a row without the database, after which a node tells for itself. */
const ALONE_AFTER = 3;

/**
 * Looks at the rules again and again, in the ledger's thread. Every node says what it has found; the one that has the lease tells
 * destinations. While the database does not answer, each node tells for itself, from what it knew.
 */
export class AlertService {
  private readonly store: AlertStore;
  private readonly now: () => number;
  private book: AlertBook;
  private outbox: Outbox;
  /** This node tells. */
  private leads = false;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  /** Looks in a row at which the database did not answer. */
  private failures = 0;
  private flushing: NodeJS.Timeout | null = null;
  private silences: readonly Silence[] = [];
  private readonly counts = new Map<string, MessageCounts>();
  /** What this node has found itself, at the last look with the database and since. */
  private own = new Set<string>();
  /** What it has told without the database. */
  private readonly toldAlone = new Set<string>();

  constructor(
    private readonly settings: AlertSettings,
    private readonly parts: AlertParts,
  ) {
    this.now = parts.now ?? Date.now;
    this.store = new AlertStore(parts.sql, settings.id, settings.everyMs);
    this.book = new AlertBook([], settings.repeatMs);
    this.outbox = this.newOutbox([]);
  }

  start(): void {
    this.timer = setInterval(() => void this.look(), this.settings.everyMs).unref();
    this.flushing = setTimeout(() => void this.look(), Math.min(FIRST_MS, this.settings.everyMs)).unref();
  }

  /** Looks at all rules now and tells what is due. Resolves when that is done; never rejects. */
  look(): Promise<void> {
    this.running = this.running
      .then(() => this.once())
      .catch((error) => {
        this.parts.log('error', 'the rules of alerts could not be looked at', { error: String(error) });
      });
    return this.running;
  }

  /** Pushes how destinations take what they are told. */
  get destinations(): readonly { name: string; ok: number; failed: number; given_up: number }[] {
    return this.settings.destinations.map(({ name }) => ({
      name,
      ...(this.counts.get(name) ?? { ok: 0, failed: 0, given_up: 0 }),
    }));
  }

  async answer(ask: AlertAsk): Promise<AlertReply> {
    if (ask.do === 'list') return this.list();
    if (ask.do === 'silence') return this.silence(ask.silence);
    if (ask.do === 'unsilence') return { removed: await this.store.unsilence(ask.id) };
    return this.test(ask.destination);
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    await this.running;
    if (this.flushing !== null) clearTimeout(this.flushing);
    if (this.leads) await this.store.resign().catch(() => {});
  }

  /** The database has been away for so long that this node tells for itself. */
  private get alone(): boolean {
    return this.failures >= ALONE_AFTER;
  }

  private async once(): Promise<void> {
    const { found, unsure } = await this.find();
    const now = this.now();
    let all = { found, unsure: new Set(unsure) };
    let own: ReadonlySet<string> | null = null;
    try {
      await this.store.report(found, unsure, now);
      const led = this.leads;
      this.leads = await this.store.lead(now);
      if (this.leads) {
        await this.takeLead(led);
        all = await this.store.found(now);
      } else await this.follow(now);
      this.silences = await this.store.silences(now);
      this.failures = 0;
      this.own = new Set(found.map(({ id }) => id));
      if (!this.leads) return;
    } catch (error) {
      this.failures++;
      if (this.failures === 1)
        this.parts.log('warn', 'what is kept of alerts cannot be read', { error: String(error) });
      for (const { id } of found) this.own.add(id);
      if (!this.alone) return;
      // What others have found cannot be seen from here.
      own = this.own;
    }
    const tell = this.book.take(all.found, this.settings.rules, this.silences, all.unsure, now, own);
    if (own !== null) for (const { alert } of tell) this.toldAlone.add(alert.id);
    this.outbox.add(tell);
    await this.keep();
    await this.flush();
  }

  /** This node tells from now on, or still does. */
  private async takeLead(led: boolean): Promise<void> {
    if (this.alone) {
      const kept = await this.store.state();
      // What was told alone is known here alone; but another one may have led meanwhile.
      if (kept.by !== this.settings.id) this.become(kept, this.ownState());
    } else if (!led || this.failures > 0) await this.load();
    for (const state of await this.store.takeOver())
      this.become({ alerts: this.book.all, outbox: this.outbox.all }, state);
    this.toldAlone.clear();
  }

  /** Another one tells. What it has told is known here, for when the database goes away. */
  private async follow(now: number): Promise<void> {
    const state = this.ownState();
    if (state.alerts.length + state.outbox.length > 0) await this.store.handOver(state, now);
    this.toldAlone.clear();
    const { alerts } = await this.store.state();
    this.become({ alerts, outbox: [] });
  }

  /** What this node alone knows of. */
  private ownState(): AlertState {
    const alerts = this.book.all.filter(({ id, toldMs }) => toldMs !== null && this.toldAlone.has(id));
    return { alerts, outbox: this.alone ? this.outbox.all : [] };
  }

  private become(state: AlertState, more: AlertState = { alerts: [], outbox: [] }): void {
    this.book = new AlertBook(mergedAlerts(state.alerts, more.alerts), this.settings.repeatMs);
    this.outbox = this.newOutbox([...state.outbox, ...more.outbox]);
  }

  /** Tells what is due, and comes back when more is. */
  private async flush(): Promise<void> {
    await this.outbox.flush();
    await this.keep();
    if (this.timer === null) return;
    const next = Math.min(...this.outbox.all.map(({ atMs }) => atMs)) - this.now();
    if (!(next < this.settings.everyMs)) return;
    if (this.flushing !== null) clearTimeout(this.flushing);
    const later = (): void => {
      this.running = this.running
        .then(() => (this.leads || this.alone ? this.flush() : undefined))
        .catch(() => {});
    };
    this.flushing = setTimeout(later, Math.max(next, 10)).unref();
  }

  private async find(): Promise<{ found: Condition[]; unsure: string[] }> {
    const view = await this.parts.view();
    const found: Condition[] = [];
    const unsure: string[] = [];
    for (const rule of this.settings.rules) {
      try {
        found.push(...(await conditionsOf(rule, view)));
      } catch {
        unsure.push(rule.name);
      }
    }
    return { found, unsure };
  }

  private async load(): Promise<void> {
    this.become(await this.store.state());
  }

  private async keep(): Promise<void> {
    if (this.failures > 0) return;
    await this.store.keep({ alerts: this.book.all, outbox: this.outbox.all }).catch(() => {
      this.failures++;
    });
  }

  private newOutbox(kept: ConstructorParameters<typeof Outbox>[0]): Outbox {
    const { destinations, node, groupMs } = this.settings;
    const { send, log } = this.parts;
    return new Outbox(kept, {
      destinations,
      source: node,
      groupMs,
      send,
      now: this.now,
      log,
      counts: this.counts,
    });
  }

  /** Of the node that leads, whichever was asked. */
  private async list(): Promise<AlertReply> {
    const now = this.now();
    const { alerts, outbox } =
      this.failures > 0 ? { alerts: this.book.all, outbox: this.outbox.all } : await this.store.state();
    const silences = this.failures > 0 ? this.silences : await this.store.silences(now);
    const rules = new Map(this.settings.rules.map((rule) => [rule.name, rule]));
    return {
      alerts: alerts.map((one) => ({
        id: one.id,
        rule: one.rule,
        subject: one.subject,
        severity: one.severity,
        state:
          one.goneMs !== null
            ? 'ending'
            : now - one.sinceMs < (rules.get(one.rule)?.forMs ?? 0)
              ? 'pending'
              : isSilenced(one, silences, now)
                ? 'silenced'
                : 'firing',
        title: one.title,
        text: one.text,
        sinceMs: one.sinceMs,
        toldMs: one.toldMs,
      })),
      silences,
      destinations: this.settings.destinations.map(({ name, kind }) => ({
        name,
        kind,
        waiting: outbox.filter(({ destination }) => destination === name).length,
        failing: outbox.some(({ destination, tries }) => destination === name && tries > 0),
      })),
    };
  }

  private async silence(given: Omit<Silence, 'id'>): Promise<AlertReply> {
    const silence = { id: randomBytes(8).toString('hex'), ...given };
    await this.store.silence(silence, this.now());
    return { silence };
  }

  private async test(name: string): Promise<AlertReply> {
    const destination = this.settings.destinations.find((one) => one.name === name);
    if (destination === undefined) return { unknown: name };
    const now = this.now();
    const about = {
      id: idOf('test', `${name} ${now}`),
      rule: 'test',
      subject: name,
      severity: 'info' as const,
    };
    const text = 'Somebody asked whether this destination takes alerts. Nothing is wrong.';
    try {
      await this.outbox.test(destination, {
        ...about,
        state: 'firing',
        title: 'A test of alerts',
        text,
        sinceMs: now,
        resolvedMs: null,
      });
      // An incident of a test is closed at once.
      if (destination.kind === 'pagerduty' || destination.kind === 'opsgenie')
        await this.outbox.test(destination, {
          ...about,
          state: 'resolved',
          title: 'A test of alerts',
          text,
          sinceMs: now,
          resolvedMs: now,
        });
      return { delivered: true, why: '' };
    } catch (error) {
      return { delivered: false, why: error instanceof Error ? error.message : String(error) };
    }
  }
}
