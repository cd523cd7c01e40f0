import type { ChainLink } from '@headgate/sdk';
import type { Config } from './config.js';
import { countedRules } from './counted-rules.js';
import type { Findings } from './findings.js';
import { GROUP_SECTIONS } from './resolve-entities.js';

/** Says which budgets and limits are kept, and given to plugins, but counted by nothing that comes with this version. */
export function warnNotCounted(config: Config, findings: Findings): void {
  config.keys.forEach(({ link }, index) => {
    for (const rule of notCounted(link)) warn(findings, ['keys', index, ...rule.split('.')], rule);
  });
  for (const { link } of config.entities.values()) {
    if (link.kind === 'key') continue;
    for (const rule of notCounted(link))
      warn(findings, [GROUP_SECTIONS[link.kind], link.id, ...rule.split('.')], rule);
  }
}

function notCounted(link: ChainLink): string[] {
  const counted = countedRules(link);
  const limits = link.kind === 'key' ? 'limits.windows' : 'limits';
  return [
    ...(link.budgets.every((rule) => counted.has(rule)) ? [] : ['budgets']),
    ...(link.limits.every((rule) => counted.has(rule)) ? [] : [limits]),
    ...(link.parallel === null ? [] : ['limits.parallel_requests']),
  ];
}

function warn(findings: Findings, path: (string | number)[], rule: string): void {
  findings.warn(path, {
    what: `${rule} of this kind are kept and given to plugins, but not counted by this version`,
    hint: 'docs/entities.md says which are',
  });
}
