import type { ChainLink, RuleWindow } from '@headgate/sdk';

/** `Key 'ci'`, `Team 'support'`. */
export function whoOf({ kind, name }: ChainLink): string {
  const word = kind.replace('mcp_', 'MCP ');
  return `${word.charAt(0).toUpperCase()}${word.slice(1)} '${name}'`;
}

/** `a day`, `a day of Europe/Vienna`, `in any 30 days`. */
export function windowText({ per, window, timeZone }: RuleWindow): string {
  if (window === 'rolling') return `in any ${ROLLING[per]}`;
  const article = per === 'hour' ? 'an' : 'a';
  return timeZone === 'UTC' ? `${article} ${per}` : `${article} ${per} of ${timeZone}`;
}

const ROLLING = {
  minute: '60 seconds',
  hour: '60 minutes',
  day: '24 hours',
  week: '7 days',
  month: '30 days',
  year: '365 days',
} as const;

/** The part of a counter's name that says what it counts for, and in which window. */
export function counterName(what: string, { kind, id }: ChainLink, rule: RuleWindow): string {
  return `${what}:${rule.per}:${rule.window}:${rule.timeZone}:${kind}:${id}`;
}

/** Options of the counter for a rule's window. */
export function counterWindow({ per, window, timeZone }: RuleWindow) {
  return window === 'rolling' ? { period: per, rolling: true } : { period: per, timeZone };
}

/** Nano-dollars as dollars, cut to at most six decimals. */
export function usd(nanos: number): string {
  const text = (Math.floor(nanos / 1000) / 1e6).toFixed(6);
  return text.replace(/0{1,4}$/, '');
}
