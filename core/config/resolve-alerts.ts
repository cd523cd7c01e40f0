import type { AlertRule, DestinationSettings } from '../alerts/alert-settings.js';
import type { AlertsConfig } from './config.js';
import type { Findings } from './findings.js';
import type { ParsedConfig } from './schema.js';
import { REDACTED, Secret } from './secret.js';
import type { ParsedDestination, ParsedRule } from './sections/alerts.js';

type Parsed = ParsedConfig['alerts'];

/** Keys of a rule that only some kinds have. */
const OWN: Readonly<Record<ParsedRule['when'], readonly (keyof ParsedRule)[]>> = {
  budget: ['share', 'forecast'],
  spend: ['factor', 'least_usd', 'days', 'time_zone'],
  errors: ['share', 'least_requests', 'window'],
  latency: ['above', 'least_requests', 'window'],
  target: [],
  sink: [],
  store: [],
  expiry: ['before'],
  hanging: ['longer_than'],
};
const SHARED: readonly (keyof ParsedRule)[] = ['when', 'name', 'severity', 'to', 'for'];

/** Null: nobody is told of anything. */
export function resolveAlerts(parsed: Parsed, findings: Findings): AlertsConfig | null {
  const names = Object.keys(parsed.destinations);
  const seen = new Set<string>();
  const rules = parsed.rules.map((rule, i) => {
    const name = rule.name ?? rule.when;
    if (seen.has(name))
      findings.error(['alerts', 'rules', i], { what: `there is another rule "${name}": give it a name` });
    seen.add(name);
    for (const key of Object.keys(rule) as (keyof ParsedRule)[])
      if (!SHARED.includes(key) && !OWN[rule.when].includes(key))
        findings.error(['alerts', 'rules', i, key], { what: `a rule for ${rule.when} has no ${key}` });
    for (const [j, to] of (rule.to ?? []).entries())
      if (!names.includes(to))
        findings.error(['alerts', 'rules', i, 'to', j], { what: `there is no destination "${to}"` });
    return ruleOf(rule, name, names);
  });
  if (rules.length > 0 && names.length === 0)
    findings.error(['alerts', 'rules'], { what: 'there are rules, but no destinations to be told' });
  if (names.length === 0) return null;
  return {
    destinations: Object.entries(parsed.destinations).map(([name, one]) => {
      const destination = destinationOf(name, one);
      return new Secret(destination, shownOf(destination));
    }),
    rules,
    everyMs: parsed.every,
    repeatMs: parsed.repeat,
    groupMs: parsed.group,
  };
}

function ruleOf(rule: ParsedRule, name: string, names: readonly string[]): AlertRule {
  const base = { name, severity: rule.severity, to: rule.to ?? names, forMs: rule.for ?? 0 };
  const over = { leastRequests: rule.least_requests ?? 20, windowMs: rule.window ?? 300_000 };
  switch (rule.when) {
    case 'budget':
      return { ...base, when: rule.when, share: rule.share ?? 0.8, forecast: rule.forecast ?? true };
    case 'spend': {
      const leastNanos = Math.round((rule.least_usd ?? 1) * 1e9);
      const { factor = 3, days = 7, time_zone: timeZone = 'UTC' } = rule;
      return { ...base, when: rule.when, factor, leastNanos, days, timeZone };
    }
    case 'errors':
      return { ...base, ...over, when: rule.when, share: rule.share ?? 0.1 };
    case 'latency':
      return { ...base, ...over, when: rule.when, aboveMs: rule.above ?? 30_000 };
    case 'expiry':
      return { ...base, when: rule.when, beforeMs: rule.before ?? 7 * 86_400_000 };
    case 'hanging':
      return { ...base, when: rule.when, longerMs: rule.longer_than ?? 900_000 };
    default:
      return { ...base, when: rule.when };
  }
}

function destinationOf(name: string, one: ParsedDestination): DestinationSettings {
  for (const kind of ['slack', 'teams', 'discord'] as const) {
    const hook = one[kind];
    if (hook !== undefined) return { name, kind, url: hook.url };
  }
  const { pagerduty, opsgenie, email, webhook } = one;
  if (pagerduty !== undefined)
    return { name, kind: 'pagerduty', url: pagerduty.url, routingKey: pagerduty.routing_key };
  if (opsgenie !== undefined) return { name, kind: 'opsgenie', url: opsgenie.url, apiKey: opsgenie.api_key };
  if (email !== undefined) return { name, kind: 'email', smtp: email.smtp, from: email.from, to: email.to };
  const { url = '', secret = null, headers = {} } = webhook ?? {};
  return { name, kind: 'webhook', url, secret, headers };
}

/** What may be seen of it: addresses of webhooks are secrets by themselves. */
function shownOf(destination: DestinationSettings): object {
  const { name, kind } = destination;
  switch (destination.kind) {
    case 'pagerduty':
      return { name, kind, url: destination.url, routingKey: REDACTED };
    case 'opsgenie':
      return { name, kind, url: destination.url, apiKey: REDACTED };
    case 'email': {
      const { from, to, smtp } = destination;
      return { name, kind, from, to, smtp: new URL(smtp).host };
    }
    case 'webhook': {
      const headers = Object.fromEntries(
        Object.keys(destination.headers).map((header) => [header, REDACTED]),
      );
      return { name, kind, url: REDACTED, secret: REDACTED, headers };
    }
    default:
      return { name, kind, url: REDACTED };
  }
}
