import type { HistogramSample, Labels, MetricFamily } from './metric-family.js';

/** How a page of metrics is written. */
export type ExpositionFormat = 'prometheus' | 'openmetrics';

export const EXPOSITION_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/**
 * Metrics as Prometheus text 0.0.4, https://prometheus.io/docs/instrumenting/exposition_formats/, or as OpenMetrics 1.0,
 * https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md.
 */
export function exposition(
  families: Iterable<MetricFamily>,
  format: ExpositionFormat = 'prometheus',
): string {
  const page: string[] = [];
  for (const family of families) writeFamily(page, family, format === 'openmetrics');
  if (format === 'openmetrics') page.push('# EOF\n');
  return page.join('');
}

function writeFamily(page: string[], family: MetricFamily, open: boolean): void {
  const { name, type } = family;
  // OpenMetrics names the family of a counter without what its samples end in.
  const declared = open && type === 'counter' ? name.replace(/_total$/, '') : name;
  page.push(`# HELP ${declared} ${escaped(family.help, open)}\n# TYPE ${declared} ${type}\n`);
  if (family.type === 'histogram')
    for (const sample of family.values) writeHistogram(page, name, sample, open);
  else
    for (const { labels, value } of family.values)
      page.push(`${name}${braced(pairsOf(labels))} ${numberText(value)}\n`);
}

function writeHistogram(
  page: string[],
  name: string,
  { labels, bounds, counts, sum }: HistogramSample,
  open: boolean,
): void {
  const pairs = pairsOf(labels);
  const comma = pairs === '' ? '' : ',';
  let count = 0;
  for (let i = 0; i <= bounds.length; i++) {
    count += counts[i] ?? 0;
    const bound = bounds[i];
    const le = bound === undefined ? '+Inf' : open ? floatText(bound) : String(bound);
    page.push(`${name}_bucket{${pairs}${comma}le="${le}"} ${count}\n`);
  }
  page.push(`${name}_sum${braced(pairs)} ${numberText(sum)}\n${name}_count${braced(pairs)} ${count}\n`);
}

function braced(pairs: string): string {
  return pairs === '' ? '' : `{${pairs}}`;
}

function pairsOf(labels: Labels): string {
  let text = '';
  for (const name in labels)
    text += `${text === '' ? '' : ','}${name}="${escaped(labels[name] as string, true)}"`;
  return text;
}

const SPECIAL = /[\\\n"]/;

function escaped(text: string, quotes: boolean): string {
  if (!SPECIAL.test(text)) return text;
  const safe = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  return quotes ? safe.replaceAll('"', '\\"') : safe;
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value);
}

/** OpenMetrics wants bounds to look like floats. */
function floatText(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
