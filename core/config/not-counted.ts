import type { ChainLink, EntityKind } from '@headgate/sdk';
import type { Config } from './config.js';
import type { Findings } from './findings.js';

/** Where each kind stands in the file. */
const SECTIONS: Readonly<Record<Exclude<EntityKind, 'key'>, string>> = {
  organization: 'organizations',
  team: 'teams',
  project: 'projects',
  user: 'users',
  customer: 'customers',
  tag: 'tags',
};

/** Says which budgets and limits are kept, and given to plugins, but counted by nothing that comes with this version. */
export function warnNotCounted(config: Config, findings: Findings): void {
  config.keys.forEach(({ link }, index) => {
    for (const rule of notCounted(link)) warn(findings, ['keys', index, ...rule.split('.')], rule);
  });
  for (const { link } of config.entities.values()) {
    if (link.kind === 'key') continue;
    for (const rule of notCounted(link))
      warn(findings, [SECTIONS[link.kind], link.id, ...rule.split('.')], rule);
  }
}

function notCounted({ kind, budgets, limits, parallel }: ChainLink): string[] {
  const isKey = kind === 'key';
  const budget = isKey ? budgets.find((one) => one.hard && isUtcCalendar(one)) : undefined;
  const counted = limits.filter(
    (one) =>
      isKey && one.per === 'minute' && isUtcCalendar(one) && ['requests', 'total_tokens'].includes(one.of),
  );
  return [
    ...(budgets.some((one) => one !== budget) ? ['budgets'] : []),
    ...(limits.length > counted.length ? [isKey ? 'limits.windows' : 'limits'] : []),
    ...(parallel === null ? [] : ['limits.parallel_requests']),
  ];
}

function isUtcCalendar({ window, timeZone }: { window: string; timeZone: string }): boolean {
  return window === 'calendar' && timeZone === 'UTC';
}

function warn(findings: Findings, path: (string | number)[], rule: string): void {
  findings.warn(path, {
    what: `${rule} of this kind are kept and given to plugins, but not counted by this version`,
    hint: 'docs/entities.md says which are',
  });
}
