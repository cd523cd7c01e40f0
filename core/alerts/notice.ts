import type { Severity } from './alert-settings.js';

/** One alert as destinations are told of it. */
export interface AlertNotice {
  /** The same for as long as it is the same alert, also when it is resolved. */
  readonly id: string;
  readonly rule: string;
  /** What it is about, such as `key app, month`; '' where there is only one. */
  readonly subject: string;
  readonly severity: Severity;
  readonly state: 'firing' | 'resolved';
  readonly title: string;
  readonly text: string;
  /** Unix milliseconds: since when it holds, and until when it did. */
  readonly sinceMs: number;
  readonly resolvedMs: number | null;
}

/** What is sent to one destination at once. */
export interface Notice {
  /** The gateway, for people who have several. */
  readonly source: string;
  readonly alerts: readonly AlertNotice[];
}

/** A request to make at a vendor. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const JSON_TYPE = { 'content-type': 'application/json' };

/** Firing before resolved, the worst first. */
export function ordered(alerts: readonly AlertNotice[]): AlertNotice[] {
  const rank = ({ state, severity }: AlertNotice): number =>
    (state === 'firing' ? 0 : 10) - ['info', 'warning', 'critical'].indexOf(severity);
  return alerts.toSorted((a, b) => rank(a) - rank(b));
}

/** `2 firing, 1 resolved` */
export function summaryOf(alerts: readonly AlertNotice[]): string {
  const firing = alerts.filter(({ state }) => state === 'firing').length;
  const resolved = alerts.length - firing;
  return [firing > 0 && `${firing} firing`, resolved > 0 && `${resolved} resolved`]
    .filter(Boolean)
    .join(', ');
}

export function headingOf({ source, alerts }: Notice): string {
  const [only] = alerts;
  const what = alerts.length === 1 && only !== undefined ? wordOf(only) : summaryOf(alerts);
  return `[Headgate ${source}] ${what}`;
}

export function wordOf({ state, severity, title }: AlertNotice): string {
  return state === 'resolved'
    ? `Resolved: ${title}`
    : `${severity.charAt(0).toUpperCase()}${severity.slice(1)}: ${title}`;
}

/** Not longer than that many characters. */
export function cut(text: string, most: number): string {
  const all = [...text];
  return all.length <= most ? text : `${all.slice(0, most - 1).join('')}…`;
}
