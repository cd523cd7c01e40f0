import { calendarBudget, minuteLimits } from '@headgate/sdk';
import type { Config, PluginConfig } from '../config/config.js';
import { Secret } from '../config/secret.js';

/** Built-in plugins that a setting elsewhere in the config switches on, as if they were listed under `plugins`. */
export function implied(config: Config): PluginConfig[] {
  return [...rateLimit(config), ...budget(config)];
}

function rateLimit({ keys, storedRules }: Config): PluginConfig[] {
  const limited = keys.flatMap(({ link }) => {
    const { id, name } = link;
    const given = minuteLimits(link);
    return given.rpm === undefined && given.tpm === undefined ? [] : [{ id, name, ...given }];
  });
  if (limited.length === 0 && !storedRules) return [];
  return [entry('rate-limit', { keys: limited, ...(storedRules && { chain: true }) })];
}

function budget({ keys, storedRules }: Config): PluginConfig[] {
  const limited = keys.flatMap(({ link }) => {
    const { id, name } = link;
    const found = calendarBudget(link);
    return found === null ? [] : [{ id, name, ...found }];
  });
  if (limited.length === 0 && !storedRules) return [];
  return [entry('budget', { keys: limited, ...(storedRules && { chain: true }) })];
}

function entry(use: string, settings: Record<string, unknown>): PluginConfig {
  return {
    use,
    path: null,
    name: null,
    config: new Secret(settings as ReturnType<PluginConfig['config']['reveal']>),
    order: null,
    onFailure: null,
    timeoutMs: null,
  };
}
