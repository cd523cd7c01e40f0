import type { Plugin } from '@headgate/sdk';
import type { PluginConfig } from '../config/config.js';
import { explain } from '../config/explain.js';
import { Findings } from '../config/findings.js';
import { nearest } from '../config/nearest.js';
import { type PluginPlace, PluginProblem } from './plugin-problem.js';

/** Checks settings with the plugin's own schema. Throws a PluginProblem that says all that is wrong with them. */
export async function checkSettings(
  plugin: Plugin,
  config: PluginConfig['config'],
  place: PluginPlace,
): Promise<unknown> {
  const given = config.reveal();
  if (plugin.config === undefined) return given;
  const checked = await plugin.config.safeParseAsync(given);
  if (checked.success) return checked.data;
  const findings = new Findings(place.locator, new Map());
  const path = place.path.length === 0 ? [] : [...place.path, 'config'];
  // Messages are made from what may be shown, never from what variables hold.
  const shown = path.reduceRight<unknown>((inside, part) => ({ [part]: inside }), config.toJSON());
  const names = namesOf(plugin);
  const unknown = checked.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [],
  );
  for (const key of unknown) {
    const suggestion = nearest(key, names);
    const known = names.length === 0 ? {} : { expected: `one of ${names.join(', ')}` };
    findings.error([...path, key], {
      what: 'unknown key',
      ...(suggestion === undefined ? known : { suggestion }),
      at: 'key',
    });
  }
  const others = checked.error.issues.filter(
    (issue) => issue.code !== 'unrecognized_keys' || issue.path.length > 0,
  );
  explain(others, shown, findings, path);
  throw new PluginProblem(findings.problems);
}

/** The settings that the schema names, when it is an object. */
function namesOf(plugin: Plugin): string[] {
  const { config } = plugin;
  const shape: unknown = config !== undefined && 'shape' in config ? config.shape : null;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
