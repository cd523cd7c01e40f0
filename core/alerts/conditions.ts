import { createHash } from 'node:crypto';
import type { SpentBudget } from '../observe/budget-families.js';
import type { ExpiryFact } from '../observe/main-facts.js';
import type { LongRequest } from '../observe/recorder-protocol.js';
import { withoutSecrets } from '../observe/secret-text.js';
import type { SinkHealth } from '../store/ledger-protocol.js';
import type { HourSpend } from '../store/usual-spend.js';
import type { AlertRule, Severity } from './alert-settings.js';
import type { ModelWindow } from './request-window.js';

/** Something that a rule finds to be so at the moment. */
export interface Condition {
  /** Of rule and subject: the same for as long as it is the same. */
  readonly id: string;
  readonly rule: string;
  readonly subject: string;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  /** The larger, the worse: nodes that find the same tell the worst. */
  readonly value: number;
}

/** What rules look at. */
export interface AlertView {
  readonly now: number;
  readonly node: string;
  readonly budgets: readonly SpentBudget[];
  readonly expiring: readonly ExpiryFact[];
  readonly over: (windowMs: number) => readonly ModelWindow[];
  /** Targets whose last attempts failed, one after the other. */
  readonly failing: readonly { readonly provider: string; readonly model: string; readonly inRow: number }[];
  /** Targets that are passed over. */
  readonly ejected: readonly {
    readonly provider: string;
    readonly model: string;
    readonly threads: number;
  }[];
  readonly sinks: readonly SinkHealth[];
  /** What is wrong with the ledger, by its part. */
  readonly troubles: Readonly<Record<string, string>>;
  readonly longest: readonly LongRequest[];
  /** Of the last whole hour, and of the same hour on so many days before by the clocks of a zone. */
  readonly spend: (days: number, zone: string) => Promise<HourSpend>;
  /** From when on anything is known of requests, unix milliseconds; null where that is not known. */
  readonly knownMs: number | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Fewer days say nothing of what is usual. */
const LEAST_DAYS = 3;

/** What a rule finds. Rejects when what it looks at cannot be had. */
export async function conditionsOf(rule: AlertRule, view: AlertView): Promise<Condition[]> {
  const found: Found = (subject, value, title, text, of = subject) => ({
    id: idOf(rule.name, of),
    rule: rule.name,
    // Clients say what models are called, and errors repeat what they were told.
    subject: withoutSecrets(subject),
    severity: rule.severity,
    title: withoutSecrets(title),
    text: withoutSecrets(text),
    value,
  });
  switch (rule.when) {
    case 'budget':
      return view.budgets.flatMap((budget) => budgetCondition(rule, budget, view, found));
    case 'spend':
      return spendCondition(rule, await view.spend(rule.days, rule.timeZone), found);
    case 'errors':
      return view.over(rule.windowMs).flatMap(({ model, requests, failures }) => {
        const share = requests === 0 ? 0 : failures / requests;
        // More than all cannot fail.
        if (requests < rule.leastRequests || (share <= rule.share && share < 1)) return [];
        const text = `${failures} of ${requests} requests in ${minutes(rule.windowMs)} failed; the rule allows ${percent(rule.share)}.`;
        return [found(`model ${model}`, share, `${percent(share)} of requests to ${model} fail`, text)];
      });
    case 'latency':
      return view.over(rule.windowMs).flatMap(({ model, requests, p95Ms }) => {
        if (requests < rule.leastRequests || p95Ms <= rule.aboveMs) return [];
        const text = `95 % of ${requests} requests in ${minutes(rule.windowMs)} took up to ${seconds(p95Ms)}; the rule allows ${seconds(rule.aboveMs)}.`;
        return [found(`model ${model}`, p95Ms, `Requests to ${model} are slow`, text)];
      });
    case 'target':
      return targetConditions(view, found);
    case 'sink':
      return view.sinks
        .filter(({ ok }) => !ok)
        .map(({ name }) =>
          found(
            name,
            1,
            `${name} does not take what it is sent`,
            `As ${view.node} sees it; its log says why.`,
          ),
        );
    case 'store':
      return Object.entries(view.troubles).map(([part, why]) =>
        found(`${part} of ${view.node}`, 1, `The ${part} of ${view.node} fails`, why),
      );
    case 'expiry':
      return view.expiring.flatMap(({ kind, id, name, expiresMs }) => {
        const left = expiresMs - view.now;
        if (left > rule.beforeMs) return [];
        const text = `It expires at ${new Date(expiresMs).toISOString()}.`;
        const title = `The ${kind} ${name} expires in ${span(left)}`;
        return [found(`${kind} ${name}`, -left, title, text, `${kind} ${id}`)];
      });
    case 'hanging': {
      const hanging = view.longest.filter(({ ms }) => ms > rule.longerMs);
      const [first] = hanging;
      if (first === undefined) return [];
      const lines = hanging
        .slice(0, 10)
        .map(
          ({ id, model, provider, ms }) =>
            `${id}: ${model} at ${provider || 'no provider yet'}, ${seconds(ms)}`,
        );
      const title = `${hanging.length} ${hanging.length === 1 ? 'request runs' : 'requests run'} longer than ${seconds(rule.longerMs)}`;
      return [found(`node ${view.node}`, first.ms, title, lines.join('\n'))];
    }
  }
}

/** A target that fails and one that is passed over, which may be for fewer failures than that, are one condition. */
function targetConditions({ failing, ejected, node }: AlertView, found: Found): Condition[] {
  const targets = new Map<string, { inRow: number; threads: number }>();
  const at = (provider: string, model: string) => {
    const name = `${provider}/${model}`;
    const known = targets.get(name) ?? { inRow: 0, threads: 0 };
    targets.set(name, known);
    return known;
  };
  for (const { provider, model, inRow } of failing) at(provider, model).inRow = inRow;
  for (const { provider, model, threads } of ejected) at(provider, model).threads = threads;
  return [...targets].map(([name, { inRow, threads }]) => {
    const said = [
      inRow > 0 && `The last ${inRow} attempts failed one after the other.`,
      threads > 0 &&
        `It is passed over while other targets of its model can be asked, in ${threads === 1 ? 'one thread' : `${threads} threads`} of ${node}.`,
    ];
    return found(`target ${name}`, inRow, `${name} does not answer`, said.filter(Boolean).join(' '));
  });
}

/** @param of what tells it from others where the subject does not: several may have one name, and one another name later */
type Found = (subject: string, value: number, title: string, text: string, of?: string) => Condition;

function budgetCondition(
  { share, forecast }: Extract<AlertRule, { when: 'budget' }>,
  { kind, id, name, per, capNanos, spentNanos, startMs, endMs }: SpentBudget,
  { now, knownMs }: AlertView,
  found: Found,
): Condition[] {
  // It forbids, and has nothing to use up.
  if (capNanos <= 0) return [];
  const of = `${kind} ${id}, ${per}`;
  const used = spentNanos / capNanos;
  const subject = `${kind} ${name}, ${per}`;
  const so = `${usd(spentNanos)} of ${usd(capNanos)} are spent`;
  if (used >= share)
    return [
      found(
        subject,
        used,
        `${percent(used)} of the budget of ${kind} ${name} (${per}) is spent`,
        `${so}.`,
        of,
      ),
    ];
  if (!forecast || endMs === null) return [];
  // As it went so far in the window, or since there were any requests; before that is a tenth of it, it says little.
  const sinceMs = Math.max(startMs, knownMs ?? startMs);
  const elapsed = now - sinceMs;
  if (elapsed < (endMs - startMs) / 10) return [];
  const expected = (spentNanos / elapsed) * (endMs - sinceMs);
  if (expected < capNanos) return [];
  const at = new Date(sinceMs + (elapsed * capNanos) / spentNanos).toISOString();
  return [
    found(
      subject,
      expected / capNanos,
      `The budget of ${kind} ${name} (${per}) will not last`,
      `${so}. As it goes, it is used up at ${at}, and would be ${usd(expected)} in the end.`,
      of,
    ),
  ];
}

function spendCondition(
  { factor, leastNanos, days, timeZone }: Extract<AlertRule, { when: 'spend' }>,
  { last, before }: { readonly last: number; readonly before: readonly number[] },
  found: Found,
): Condition[] {
  if (before.length < Math.min(days, LEAST_DAYS)) return [];
  const usual = before.reduce((sum, one) => sum + one, 0) / before.length;
  if (last < leastNanos || last <= usual * factor) return [];
  const zone = timeZone === 'UTC' ? '' : ` in ${timeZone}`;
  const text = `The same hour${zone} of the ${before.length} days before cost ${usd(usual)} on average; the rule allows ${factor} times that.`;
  return [found('', usual === 0 ? last : last / usual, `${usd(last)} were spent in an hour`, text)];
}

export function idOf(rule: string, subject: string): string {
  return createHash('sha256').update(`${rule}\0${subject}`).digest('hex').slice(0, 24);
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

function usd(nanos: number): string {
  const dollars = nanos / 1e9;
  return `$${dollars.toFixed(dollars < 1 ? 4 : 2)}`;
}

function seconds(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? 'more than ten minutes' : `${Math.round(ms / 100) / 10} s`;
}

function minutes(ms: number): string {
  return ms >= 60_000 ? `${Math.round(ms / 60_000)} min` : `${Math.round(ms / 1000)} s`;
}

function span(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.floor(ms / DAY_MS)} days`;
  return ms >= 2 * HOUR_MS
    ? `${Math.floor(ms / HOUR_MS)} hours`
    : `${Math.max(0, Math.floor(ms / 60_000))} minutes`;
}
