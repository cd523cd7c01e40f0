import type { ChainLink } from '@headgate/sdk';
import type { Config, PluginConfig } from '../config/config.js';
import { Secret } from '../config/secret.js';

/** Built-in plugins that a setting elsewhere in the config switches on, as if they were listed under `plugins`. */
export function implied({ keys, entities, storedRules }: Config): PluginConfig[] {
  const links = [...keys, ...entities.values()].map(({ link }) => link);
  return [
    ...(storedRules || links.some(isLimited) ? [entry('rate-limit')] : []),
    ...(storedRules || links.some(hasBudget) ? [entry('budget')] : []),
  ];
}

function isLimited({ limits, parallel }: ChainLink): boolean {
  return parallel !== null || limits.some(({ of }) => of !== 'nanos');
}

function hasBudget({ budgets, limits }: ChainLink): boolean {
  return budgets.length > 0 || limits.some(({ of }) => of === 'nanos');
}

function entry(use: string): PluginConfig {
  return {
    use,
    path: null,
    name: null,
    config: new Secret({} as ReturnType<PluginConfig['config']['reveal']>),
    order: null,
    onFailure: null,
    timeoutMs: null,
  };
}
