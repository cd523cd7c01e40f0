import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Exchange } from '../../core/exchange.js';
import { keptMetadata } from '../../core/kept-metadata.js';
import { exposition } from '../../core/observe/exposition.js';
import { USUAL_METRICS } from '../../core/observe/metric-labels.js';
import { RequestMetrics } from '../../core/observe/metrics.js';
import { Redactor } from '../../core/observe/redactor.js';
import { requestFamilies } from '../../core/observe/request-families.js';
import { attempt, settled } from '../store/records.js';
import { parseExposition } from './parse-exposition.js';

const REQUESTS = 1_000_000;
const EARLY = 100_000;
const MOST_SERIES = 1_000;
const MOST_TIMES = 100;
const MOST_MODELS = 100;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
/** Bytes that are needed. */
function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

// Each request says another customer, another feature and another model, as a client may that means harm.
it('a million values of labels make no more series than there is room for, and the heap is as it was after a tenth', async () => {
  const redactor = new Redactor();
  const metrics = new RequestMetrics(
    {
      ...USUAL_METRICS,
      labels: ['model', 'provider', 'operation', 'status', 'outcome', 'customer', 'metadata.feature'],
      timeLabels: ['metadata.feature'],
      maxSeries: MOST_SERIES,
      maxTimes: MOST_TIMES,
    },
    (label) => redactor.text(label),
    MOST_MODELS,
  );
  const runtime = { config: { observability: { metadata: ['feature'] } } };
  const base = settled();
  /** How the page is after so many. */
  let series = 0;
  let early = 0;
  for (let i = 0; i < REQUESTS; i++) {
    // Each is said twice; a few are looked at for secrets closely, which takes its time.
    const feature = i % 100 < 2 ? `feature-${i >> 1}` : `f${i >> 1}`;
    const x = { metadata: { other: { feature } }, runtime } as unknown as Exchange;
    metrics.add([
      {
        ...base,
        customer: `c${i}`,
        model: `m${i}`,
        metadata: keptMetadata(x),
        attempts: i % 10 === 0 ? [attempt({ model: `m${i}` })] : base.attempts,
      },
    ]);
    if (i !== EARLY) continue;
    series = parseExposition(exposition(requestFamilies(metrics))).length;
    early = heapUsed();
  }
  const late = heapUsed();
  // A map that remembers the values alone takes 20 MB.
  expect((late - early) / 1024 / 1024).toBeLessThan(8);

  const samples = parseExposition(exposition(requestFamilies(metrics)));
  expect(samples.length).toBe(series);
  const of = (name: string) => samples.filter((one) => one.name === name);
  const total = (name: string): number => of(name).reduce((sum, { value }) => sum + value, 0);
  // None is forgotten.
  expect(total('headgate_requests_total')).toBe(REQUESTS);
  expect(total('headgate_request_duration_seconds_count')).toBe(REQUESTS);
  // Room, and the one for all others, of each model and of the others of all models.
  expect(of('headgate_requests_total').length).toBeLessThanOrEqual(MOST_SERIES + MOST_MODELS + 1);
  expect(of('headgate_request_duration_seconds_count').length).toBeLessThanOrEqual(
    MOST_TIMES + MOST_MODELS + 1,
  );
  expect(of('headgate_requests_total').some(({ labels }) => labels['customer'] === 'other')).toBe(true);
  const refused = Object.fromEntries(
    of('headgate_metric_labels_overflowed_total').map(({ labels, value }) => [labels['of'], value]),
  );
  expect(refused['models']).toBe(REQUESTS - MOST_MODELS);
  expect(refused['callers']).toBeGreaterThan(REQUESTS * 0.99);
}, 120_000);
