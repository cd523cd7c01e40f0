import type { AlertRule } from './alert-settings.js';
import type { Condition } from './conditions.js';
import type { AlertNotice } from './notice.js';

/** What is kept of an alert over restarts. */
export interface KeptAlert extends Condition {
  readonly sinceMs: number;
  /** Since when it has been found no longer; null while it is. */
  readonly goneMs: number | null;
  /** When destinations were told last that it holds; null when they were not. */
  readonly toldMs: number | null;
}

/** What must not be told for a time. */
export interface Silence {
  readonly id: string;
  /** Null: any. */
  readonly rule: string | null;
  readonly subject: string | null;
  readonly untilMs: number;
  readonly comment: string;
  readonly by: string;
}

/** What a destination is to be told. */
export interface ToTell {
  readonly destination: string;
  readonly alert: AlertNotice;
}

/** Found no longer for so long, it is over: what comes and goes is not told each time. */
export const OVER_MS = 60_000;

/** Both, and of what both know that it was told. */
export function mergedAlerts(some: readonly KeptAlert[], more: readonly KeptAlert[]): KeptAlert[] {
  const all = new Map(some.map((one) => [one.id, one]));
  for (const one of more) {
    const known = all.get(one.id);
    if (known === undefined) all.set(one.id, one);
    else
      all.set(one.id, {
        ...known,
        sinceMs: Math.min(known.sinceMs, one.sinceMs),
        toldMs: Math.max(known.toldMs ?? 0, one.toldMs ?? 0) || null,
      });
  }
  return [...all.values()];
}

/** Which alerts there are, and what is to be told of them. Pure: time and conditions come from outside. */
export class AlertBook {
  private alerts: Map<string, KeptAlert>;

  constructor(
    kept: readonly KeptAlert[],
    private readonly repeatMs: number,
  ) {
    this.alerts = new Map(kept.map((one) => [one.id, one]));
  }

  /** All, those that do not hold for long enough yet included. */
  get all(): readonly KeptAlert[] {
    return [...this.alerts.values()];
  }

  /**
   * Takes in what rules have found.
   *
   * @param unsure rules that could not be looked at: their alerts stay as they are
   * @param own ids of the alerts that may be over when they are not found; null: all. The others stay as they are
   * @returns what is to be told now
   */
  take(
    found: readonly Condition[],
    rules: readonly AlertRule[],
    silences: readonly Silence[],
    unsure: ReadonlySet<string>,
    now: number,
    own: ReadonlySet<string> | null = null,
  ): ToTell[] {
    const byName = new Map(rules.map((rule) => [rule.name, rule]));
    const holds = new Map<string, Condition>();
    for (const one of found) {
      const other = holds.get(one.id);
      if (other === undefined || one.value > other.value) holds.set(one.id, one);
    }
    for (const condition of holds.values()) {
      const known = this.alerts.get(condition.id);
      // What comes back before it was over is the same.
      this.alerts.set(condition.id, {
        ...condition,
        sinceMs: known?.sinceMs ?? now,
        goneMs: null,
        toldMs: known?.toldMs ?? null,
      });
    }
    const tell: ToTell[] = [];
    for (const alert of this.alerts.values()) {
      const rule = byName.get(alert.rule);
      if (!holds.has(alert.id)) {
        if (own !== null && !own.has(alert.id)) continue;
        if (rule === undefined || !unsure.has(alert.rule)) tell.push(...this.gone(alert, rule, now));
        continue;
      }
      if (rule === undefined || now - alert.sinceMs < rule.forMs) continue;
      if (alert.toldMs !== null && now - alert.toldMs < this.repeatMs) continue;
      if (isSilenced(alert, silences, now)) continue;
      this.alerts.set(alert.id, { ...alert, toldMs: now });
      tell.push(...told(rule, noticeOf(alert, null)));
    }
    return tell;
  }

  private gone(alert: KeptAlert, rule: AlertRule | undefined, now: number): ToTell[] {
    const goneMs = alert.goneMs ?? now;
    // What was never told needs no end, and what has no rule any more no wait.
    if (alert.toldMs !== null && rule !== undefined && now - goneMs < OVER_MS) {
      this.alerts.set(alert.id, { ...alert, goneMs });
      return [];
    }
    this.alerts.delete(alert.id);
    // It is told whoever was told of it, silenced meanwhile or not: an incident must not stay open.
    return alert.toldMs === null || rule === undefined ? [] : told(rule, noticeOf(alert, goneMs));
  }
}

function told({ to }: AlertRule, alert: AlertNotice): ToTell[] {
  return to.map((destination) => ({ destination, alert }));
}

function noticeOf(
  { id, rule, subject, severity, title, text, sinceMs }: KeptAlert,
  resolvedMs: number | null,
): AlertNotice {
  const state = resolvedMs === null ? 'firing' : 'resolved';
  return { id, rule, subject, severity, state, title, text, sinceMs, resolvedMs };
}

export function isSilenced(
  { rule, subject }: Pick<KeptAlert, 'rule' | 'subject'>,
  silences: readonly Silence[],
  now: number,
): boolean {
  return silences.some(
    (one) =>
      one.untilMs > now &&
      (one.rule === null || one.rule === rule) &&
      (one.subject === null || one.subject === subject),
  );
}
