import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { tempDir } from '../store/temp-dir.js';
import { everyFamily } from './every-family.js';
import { whyNoPromtool } from './promtool.js';

const file = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const RULES = file('deploy/prometheus/headgate.rules.yml');

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      annotations: { summary: string };
    }[];
  }[];
}
interface Dashboard {
  readonly templating: { readonly list: readonly { readonly query: string | { readonly query: string } }[] };
  readonly panels: readonly {
    readonly title: string;
    readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  }[];
}

const rules = parse(readFileSync(RULES, 'utf8')) as Rules;
const dashboard = JSON.parse(readFileSync(file('deploy/grafana/headgate.json'), 'utf8')) as Dashboard;

/** Expressions with the texts that name labels of their results. */
const asked = [
  ...rules.groups.flatMap((group) =>
    group.rules.map(({ alert, expr, annotations }) => ({
      of: alert,
      expr,
      shown: [...annotations.summary.matchAll(/\$labels\.(\w+)/g)],
    })),
  ),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({
      of: title,
      expr,
      shown: [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)],
    })),
  ),
];

/** Labels that Prometheus gives, and those of its functions. */
const GIVEN = ['instance', 'job', 'le'];

describe('the dashboard and the rules in deploy/', () => {
  it('ask only for metrics that there are, by labels that these have', async () => {
    const labels = new Map<string, Set<string>>([['up', new Set(GIVEN)]]);
    for (const family of await everyFamily()) {
      const names =
        family.type === 'histogram'
          ? ['_bucket', '_sum', '_count'].map((end) => family.name + end)
          : [family.name];
      const known = new Set([...GIVEN, ...family.values.flatMap((one) => Object.keys(one.labels))]);
      for (const name of names) labels.set(name, known);
    }
    const wrong: string[] = [];
    expect(asked.length).toBeGreaterThan(50);
    for (const { of, expr, shown } of asked) {
      const used = [...expr.matchAll(/\b(?:up|headgate_\w+|process_\w+|nodejs_\w+)\b(?:\{([^}]*)\})?/g)];
      if (used.length === 0) wrong.push(`${of}: no metric`);
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) =>
        names.split(',').map((one) => one.trim()),
      );
      for (const [text, matchers = ''] of used) {
        const name = text.replace(/\{.*/s, '');
        const known = labels.get(name);
        const by = [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, label = '']) => label);
        if (known === undefined) wrong.push(`${of}: there is no ${name}`);
        else
          for (const label of [...by, ...grouped])
            if (!known.has(label)) wrong.push(`${of}: ${name} has no ${label}`);
        // What is summed over has the labels that it is summed by, the others those of the metric.
        for (const [, label = ''] of shown)
          if (grouped.length > 0 ? !grouped.includes(label) : known?.has(label) !== true)
            wrong.push(`${of}: ${label} is not told`);
      }
    }
    for (const { query } of dashboard.templating.list) {
      const [, name, label] =
        /^label_values\((\w+), (\w+)\)$/.exec(typeof query === 'string' ? query : query.query) ?? [];
      if (name !== undefined && labels.get(name)?.has(label ?? '') !== true)
        wrong.push(`a variable: ${name} has no ${label}`);
    }
    expect(wrong).toEqual([]);
  });

  it.skipIf(whyNoPromtool !== null)("are right to Prometheus' own tool", () => {
    const check = (path: string): string => {
      const { stdout, stderr } = spawnSync('promtool', ['check', 'rules', path], { encoding: 'utf8' });
      return stdout + stderr;
    };
    expect(check(RULES)).toMatch(/SUCCESS: 20 rules found/);
    // It reads no dashboards, but what these ask for may stand in a rule.
    const asRules = dashboard.panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => ({
        expr: expr.replaceAll('$__rate_interval', '5m'),
      })),
    );
    const path = join(tempDir(), 'dashboard.rules.yml');
    writeFileSync(
      path,
      stringify({
        groups: asRules.map((rule, i) => ({
          name: `panel ${i}`,
          rules: [{ record: `query:${i}`, ...rule }],
        })),
      }),
    );
    expect(check(path)).toContain(`SUCCESS: ${asRules.length} rules found`);
  });

  it('docs/metrics.md names every metric, and none that there is not', async () => {
    const page = readFileSync(file('docs/metrics.md'), 'utf8');
    const names = (await everyFamily())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('headgate_'));
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
    const told = [...page.matchAll(/`(headgate_[a-z_]+)`/g)].map(([, name]) => name);
    expect(told.filter((name) => !names.includes(name ?? ''))).toEqual([]);
  });
});
