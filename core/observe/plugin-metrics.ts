import { counter, type MetricFamily } from './metric-family.js';

/** Most metrics and label sets that plugins may make, so that a label with a free value cannot grow for ever. */
const MAX_METRICS = 200;
const MAX_SETS = 1_000;

interface Count {
  readonly help: string;
  readonly names: readonly string[];
  readonly sets: Map<string, { readonly labels: Record<string, string>; value: number }>;
}

/** What plugins count with `host.metrics`, as `headgate_plugin_<plugin>_<name>_total`. */
export class PluginMetrics {
  private readonly counts = new Map<string, Count>();

  count(name: string, by: number, labels: Record<string, string>): void {
    const metric = `headgate_plugin_${name.replace(/[^A-Za-z0-9]+/g, '_')}_total`;
    const names = Object.keys(labels).sort();
    let known = this.counts.get(metric);
    if (known === undefined) {
      if (this.counts.size >= MAX_METRICS) return;
      known = { help: `Counted by the plugin ${name.split(':')[0] ?? name}.`, names, sets: new Map() };
      this.counts.set(metric, known);
    }
    // A metric has the labels it was first counted with.
    if (names.join() !== known.names.join() || !(by >= 0)) return;
    const set = names.map((label) => labels[label]).join('\u0000');
    const one = known.sets.get(set);
    if (one !== undefined) one.value += by;
    else if (known.sets.size < MAX_SETS) known.sets.set(set, { labels: { ...labels }, value: by });
  }

  families(): MetricFamily[] {
    return [...this.counts].map(([name, { help, sets }]) => counter(name, help, [...sets.values()]));
  }
}
