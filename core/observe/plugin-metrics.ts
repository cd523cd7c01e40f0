import { Counter, Registry } from 'prom-client';

/** Most metrics and label sets that plugins may make, so that a label with a free value cannot grow for ever. */
const MAX_METRICS = 200;
const MAX_SETS = 1_000;

/** What plugins count with `host.metrics`, as `headgate_plugin_<plugin>_<name>_total`. */
export class PluginMetrics {
  private readonly registry = new Registry();
  private readonly counters = new Map<
    string,
    { counter: Counter; labels: readonly string[]; sets: Set<string> }
  >();

  count(name: string, by: number, labels: Record<string, string>): void {
    const metric = `headgate_plugin_${name.replace(/[^A-Za-z0-9]+/g, '_')}_total`;
    const names = Object.keys(labels).sort();
    let known = this.counters.get(metric);
    if (known === undefined) {
      if (this.counters.size >= MAX_METRICS) return;
      const help = `Counted by the plugin ${name.split(':')[0] ?? name}.`;
      const counter = new Counter({ name: metric, help, labelNames: names, registers: [this.registry] });
      known = { counter, labels: names, sets: new Set() };
      this.counters.set(metric, known);
    }
    // A metric has the labels it was first counted with.
    if (names.join() !== known.labels.join() || !(by >= 0)) return;
    const set = names.map((label) => labels[label]).join('\u0000');
    if (!known.sets.has(set)) {
      if (known.sets.size >= MAX_SETS) return;
      known.sets.add(set);
    }
    known.counter.inc(labels, by);
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }
}
