import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { exposition } from '../../core/observe/exposition.js';
import { counter, histogram, type MetricFamily } from '../../core/observe/metric-family.js';
import { METRIC_LABELS, USUAL_METRICS } from '../../core/observe/metric-labels.js';
import { PYTHON, preparePython, whyNoPython } from '../clients/python-process.js';
import { everyFamily } from './every-family.js';
import { whyNoPromtool } from './promtool.js';

const required = process.env['HEADGATE_TEST_REQUIRE_ALL'] === '1';
const noPython = required || process.env['HEADGATE_TEST_PYTHON'] === '1' ? whyNoPython() : 'not asked for';

async function families(): Promise<MetricFamily[]> {
  return [
    ...(await everyFamily({
      ...USUAL_METRICS,
      labels: [...METRIC_LABELS, 'metadata.cost-center'],
      timeLabels: ['key_id', 'customer', 'metadata.cost-center'],
      maxSeries: 100,
      litellmNames: true,
    })),
    counter('odd_total', 'A "help"\nwith \\ and lines.', [{ labels: {}, value: 1e21 }]),
    histogram('whole_bounds', 'Bounds without a point.', [
      { labels: {}, bounds: [1, 10], counts: [1, 0, 2], sum: 30 },
    ]),
  ];
}

test.skipIf(whyNoPromtool !== null)("Prometheus' own tool finds nothing wrong with the text", async () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: exposition(await families()),
    encoding: 'utf8',
  });
  // What it says of the names of other libraries, and of those that are LiteLLM's, is not ours to change.
  const ours = `${stdout}${stderr}`.split('\n').filter((line) => /^headgate_|error/.test(line));
  expect(ours).toEqual([]);
  expect([0, 3]).toContain(status);
});

const READ = `
import json, sys
from prometheus_client.parser import text_string_to_metric_families as text
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
read = {'prometheus': text, 'openmetrics': openmetrics}[sys.argv[1]]
print(json.dumps([[s.name, s.labels, repr(s.value)] for f in read(sys.stdin.read()) for s in f.samples]))
`;

test.skipIf(noPython !== null)(
  "Prometheus' client for Python reads the text and OpenMetrics, and the same numbers from both",
  async () => {
    preparePython();
    const all = await families();
    const read = (format: 'prometheus' | 'openmetrics'): [string, Record<string, string>, string][] =>
      JSON.parse(
        execFileSync(PYTHON, ['-c', READ, format], {
          input: exposition(all, format),
          encoding: 'utf8',
          maxBuffer: 64 * 1024 * 1024,
        }),
      );
    const [plain, open] = [read('prometheus'), read('openmetrics')];
    const simple = ([name, labels, value]: [string, Record<string, string>, string]): string =>
      JSON.stringify([name, { ...labels, ...(labels['le'] && { le: Number(labels['le']) }) }, value]);
    expect(open.map(simple)).toEqual(plain.map(simple));
    expect(plain.find(([name]) => name === 'headgate_requests_total')?.[1]).toMatchObject({
      model: 'a"b\\c\nd',
      team: 'ü',
      customer: '世界',
    });
  },
  300_000,
);
