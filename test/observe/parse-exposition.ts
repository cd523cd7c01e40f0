/** One sample of a metrics page. */
export interface ParsedSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const VALUE = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN|Nan)$/i;

/**
 * Reads Prometheus text, format 0.0.4, strictly: every sample belongs to a family that was declared before it, once, with
 * help and type, no label set appears twice, histograms are cumulative and end in +Inf. Throws otherwise.
 */
export function parseExposition(text: string): ParsedSample[] {
  const samples: ParsedSample[] = [];
  const types = new Map<string, string>();
  const seen = new Set<string>();
  if (!text.endsWith('\n')) throw new Error('the last line must end in a line feed');
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue;
    if (line.startsWith('# TYPE ')) {
      const [, , name, type, ...more] = line.split(' ');
      if (name === undefined || type === undefined || more.length > 0 || !TYPES.includes(type))
        throw new Error(line);
      if (types.has(name)) throw new Error(`${name} is declared twice`);
      types.set(name, type);
      continue;
    }
    const sample = parseSample(line);
    const family = types.has(sample.name) ? sample.name : sample.name.replace(/_(bucket|sum|count)$/, '');
    const type = types.get(family);
    if (type === undefined) throw new Error(`${sample.name} has no TYPE before it`);
    if (family !== sample.name && type !== 'histogram' && type !== 'summary') throw new Error(line);
    const identity = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(identity)) throw new Error(`twice: ${line}`);
    seen.add(identity);
    samples.push(sample);
  }
  checkHistograms(samples, types);
  return samples;
}

function parseSample(line: string): ParsedSample {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) throw new Error(`no metric name: ${line}`);
  let at = name.length;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    at++;
    while (line[at] !== '}') {
      const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"/.exec(line.slice(at));
      if (label === null) throw new Error(`bad label at ${at}: ${line}`);
      if (label[1]! in labels) throw new Error(`label twice: ${line}`);
      labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, escaped: string) =>
        escaped === 'n' ? '\n' : escaped,
      );
      at += label[0].length;
      if (line[at] === ',') at++;
      else if (line[at] !== '}') throw new Error(`bad label list: ${line}`);
    }
    at++;
  }
  const value = line.slice(at + 1);
  if (line[at] !== ' ' || !VALUE.test(value)) throw new Error(`bad value: ${line}`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function checkHistograms(samples: readonly ParsedSample[], types: ReadonlyMap<string, string>): void {
  const last = new Map<string, { le: number; value: number }>();
  for (const { name, labels, value } of samples) {
    const family = name.replace(/_(bucket|count)$/, '');
    if (family === name || types.get(family) !== 'histogram') continue;
    const { le, ...rest } = labels;
    const series = `${family} ${JSON.stringify(rest)}`;
    const before = last.get(series);
    if (name.endsWith('_count')) {
      if (before?.le !== Number.POSITIVE_INFINITY || before.value !== value)
        throw new Error(`${series}: count is not +Inf`);
      continue;
    }
    const bound = Number(le?.replace('+Inf', 'Infinity'));
    if (Number.isNaN(bound)) throw new Error(`${series}: no le`);
    if (before !== undefined && (bound <= before.le || value < before.value))
      throw new Error(`${series}: not cumulative`);
    last.set(series, { le: bound, value });
  }
}
