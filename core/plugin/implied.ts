import type { ChainLink } from '@headgate/sdk';
import type { Config, PluginConfig } from '../config/config.js';
import { Secret } from '../config/secret.js';

/** Built-in plugins that a setting elsewhere in the config switches on, as if they were listed under `plugins`. */
export function implied({ keys, entities, storedRules, mcp, auth }: Config): PluginConfig[] {
  const rules = [...keys, ...entities.values(), ...auth.jwt.map((issuer) => issuer.rules)];
  const links = [...rules.map(({ link }) => link), ...linksOfTools(mcp)];
  return [
    ...(storedRules || links.some(isLimited) ? [entry('rate-limit')] : []),
    ...(storedRules || links.some(hasBudget) ? [entry('budget')] : []),
  ];
}

/** Of servers, tools, prompts and resources, which count calls as requests. */
function linksOfTools(mcp: Config['mcp']): Rules[] {
  return [...(mcp?.servers.values() ?? [])].flatMap(({ link, tools, prompts, resources }) =>
    [link, ...tools.values(), prompts, resources].filter((one) => one !== null),
  );
}

type Rules = Pick<ChainLink, 'limits' | 'budgets' | 'parallel'>;

function isLimited({ limits, parallel }: Rules): boolean {
  return parallel !== null || limits.some(({ of }) => of !== 'nanos');
}

function hasBudget({ budgets, limits }: Rules): boolean {
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
