import type { Config, PluginConfig } from '../config/config.js';
import { Secret } from '../config/secret.js';

/** Built-in plugins that a setting elsewhere in the config switches on, as if they were listed under `plugins`. */
export function implied(config: Config): PluginConfig[] {
  return [...rateLimit(config), ...budget(config)];
}

function rateLimit({ keys }: Config): PluginConfig[] {
  const limited = keys.flatMap(({ name, limits }) => {
    if (limits.rpm === null && limits.tpm === null) return [];
    const given = {
      ...(limits.rpm !== null && { rpm: limits.rpm }),
      ...(limits.tpm !== null && { tpm: limits.tpm }),
    };
    return [{ id: name, name, ...given }];
  });
  return limited.length === 0 ? [] : [entry('rate-limit', { keys: limited })];
}

function budget({ keys }: Config): PluginConfig[] {
  const limited = keys.flatMap(({ name, budget }) =>
    budget === null ? [] : [{ id: name, name, ...budget }],
  );
  return limited.length === 0 ? [] : [entry('budget', { keys: limited })];
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
