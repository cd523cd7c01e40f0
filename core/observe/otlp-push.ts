import { gzipSync } from 'node:zlib';
import type { PostAnswer } from '../upstream/poster.js';
import { counter, type Labels, type MetricFamily } from './metric-family.js';
import { partialSuccess } from './otlp-answer.js';
import { otlpMetrics } from './otlp-metrics.js';

/** A collector that metrics are pushed to. Plain data: it travels between threads. */
export interface OtlpTarget {
  /** As configured; `/v1/metrics` is added where it is not there. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export interface OtlpPushParts {
  readonly post: (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    timeoutMs: number,
  ) => Promise<PostAnswer>;
  /** Everything there is to tell at the moment. */
  readonly families: () => Promise<MetricFamily[]>;
  readonly resource: Labels;
  /** Whether it takes what it is sent is not what it was. */
  readonly onHealth?: () => void;
  readonly log: (level: 'info' | 'warn', message: string, fields: Record<string, unknown>) => void;
}

/** Most that is waited for a collector that says when to come back. */
const MOST_PAUSE_MS = 10 * 60_000;

/** Pushes all metrics to one collector, again and again. They are sums since the start, so that a push that fails loses nothing. */
export class OtlpPush {
  /** For people: where, without what may be secret of it. */
  readonly shown: string;
  readonly counts = { ok: 0, failed: 0, rejected: 0 };
  private readonly url: string;
  private readonly startedAt = Date.now();
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private failing = false;
  private closed = false;

  constructor(
    private readonly target: OtlpTarget,
    private readonly parts: OtlpPushParts,
  ) {
    const url = new URL(target.url);
    this.shown = url.host;
    if (!url.pathname.endsWith('/v1/metrics')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/metrics`;
    this.url = url.href;
    this.arm(target.intervalMs);
  }

  /** Whether the last push came to something; null before the first. */
  get ok(): boolean | null {
    return this.counts.ok + this.counts.failed === 0 ? null : !this.failing;
  }

  /** Pushes now. Resolves when it is over, however it went. */
  push(): Promise<void> {
    this.running ??= this.once().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  /** Tells the last numbers and ends. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.running;
    await this.once();
  }

  private arm(delayMs: number): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.push(), delayMs).unref();
  }

  private async once(): Promise<void> {
    let pauseMs = this.target.intervalMs;
    try {
      const span = { fromMs: this.startedAt, toMs: Date.now() };
      const body = gzipSync(otlpMetrics(await this.parts.families(), this.parts.resource, span));
      const headers = {
        ...this.target.headers,
        'content-type': 'application/x-protobuf',
        'content-encoding': 'gzip',
      };
      const answer = await this.parts.post(this.url, headers, body, this.target.timeoutMs);
      if (answer.status === 200) this.taken(answer);
      else {
        // https://opentelemetry.io/docs/specs/otlp/#otlphttp-throttling
        const asked = Number(answer.headers['retry-after']) * 1000;
        if (asked > 0) pauseMs = Math.min(Math.max(asked, pauseMs), MOST_PAUSE_MS);
        this.failed(`it answered ${answer.status}`);
      }
    } catch (error) {
      this.failed(error instanceof Error ? error.message : String(error));
    }
    this.arm(pauseMs);
  }

  private taken(answer: PostAnswer): void {
    const partial = partialSuccess(answer.body);
    if (partial !== null && partial.rejected > 0) {
      this.counts.rejected += partial.rejected;
      this.failed(`it did not take ${partial.rejected} of the values: ${partial.why}`);
      return;
    }
    this.counts.ok++;
    if (!this.failing) return;
    this.failing = false;
    this.parts.log('info', 'metrics are taken again', { collector: this.shown });
    this.parts.onHealth?.();
  }

  private failed(why: string): void {
    this.counts.failed++;
    if (this.failing) return;
    this.failing = true;
    this.parts.log('warn', 'metrics could not be pushed', { collector: this.shown, why });
    this.parts.onHealth?.();
  }
}

/** How the pushes went. */
export function pushFamilies(pushes: readonly OtlpPush[]): MetricFamily[] {
  if (pushes.length === 0) return [];
  return [
    counter(
      'headgate_otlp_metric_pushes_total',
      'Pushes of metrics to a collector over OTLP.',
      pushes.flatMap(({ shown: collector, counts }) => [
        { labels: { collector, outcome: 'ok' }, value: counts.ok },
        { labels: { collector, outcome: 'error' }, value: counts.failed },
      ]),
    ),
    counter(
      'headgate_otlp_metric_values_rejected_total',
      'Values that a collector answered it did not take.',
      pushes.map(({ shown: collector, counts }) => ({ labels: { collector }, value: counts.rejected })),
    ),
  ];
}
