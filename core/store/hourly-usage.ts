import type { SettledRecord } from '@headgate/sdk';
import type { TakenBatch } from './ledger-store.js';
import type { Sqlite } from './open-database.js';
import { isUnpriced } from './unpriced.js';
import { wholeNano, wholeNumber } from './whole-number.js';

export const HOUR_MS = 3_600_000;

/** The database adds exactly; a sum here must stay where doubles do, whatever one more request may cost. */
const MOST_NANO = 2 ** 52;

interface HourlySum {
  readonly hour: number;
  readonly keyId: string;
  readonly customer: string;
  readonly model: string;
  readonly provider: string;
  keyName: string;
  requests: number;
  errors: number;
  unpriced: number;
  input: number;
  output: number;
  cacheRead: number;
  cacheWrite: number;
  reasoning: number;
  costNano: number;
}

const SUMS = [
  'requests',
  'errors',
  'unpriced_requests',
  'input_tokens',
  'output_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'reasoning_tokens',
  'cost_nano',
] as const;

const UPSERT = `
INSERT INTO usage_hourly (hour, key_id, customer, model, provider, key_name, ${SUMS.join(', ')})
VALUES (?, ?, ?, ?, ?, ?, ${SUMS.map(() => '?').join(', ')})
ON CONFLICT DO UPDATE SET key_name = excluded.key_name, ${SUMS.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`;

/** Adds records to the hourly sums: once in memory for a whole batch, then one statement for each sum that it touches. */
export class HourlyUsage {
  private readonly upsert;
  private readonly sums = new Map<string, Map<string, HourlySum[]>>();
  /** The sum that the record before went to, where most go too. */
  private before: HourlySum | null = null;

  constructor(db: Sqlite) {
    this.upsert = db.prepare(UPSERT);
  }

  /** Part of the caller's transaction. */
  add(batches: readonly TakenBatch[]): void {
    this.clear();
    for (const { batch } of batches) for (const record of batch) this.count(record);
    for (const ofKey of this.sums.values()) {
      for (const ofCustomer of ofKey.values()) for (const sum of ofCustomer) this.write(sum);
    }
    this.clear();
  }

  private clear(): void {
    this.sums.clear();
    this.before = null;
  }

  private write(sum: HourlySum): void {
    this.upsert.run([
      sum.hour,
      sum.keyId,
      sum.customer,
      sum.model,
      sum.provider,
      sum.keyName,
      sum.requests,
      sum.errors,
      sum.unpriced,
      sum.input,
      sum.output,
      sum.cacheRead,
      sum.cacheWrite,
      sum.reasoning,
      sum.costNano,
    ]);
  }

  private count(record: SettledRecord): void {
    const sum = this.sumOf(record);
    sum.keyName = record.keyName;
    sum.requests++;
    if (record.outcome === 'error') sum.errors++;
    if (isUnpriced(record)) sum.unpriced++;
    if (record.costNano !== null) sum.costNano += wholeNano(record.costNano);
    const usage = record.usage;
    if (usage === null) return;
    sum.input += wholeNumber(usage.inputTokens);
    sum.output += wholeNumber(usage.outputTokens);
    sum.cacheRead += wholeNumber(usage.cacheReadTokens);
    sum.cacheWrite += wholeNumber(usage.cacheWriteTokens) + wholeNumber(usage.cacheWriteLongTokens);
    sum.reasoning += wholeNumber(usage.reasoningTokens);
  }

  private sumOf(record: SettledRecord): HourlySum {
    const { keyId, customer, model, provider } = record;
    const hour = Math.floor(record.time / HOUR_MS);
    const before = this.before;
    if (before !== null && isOf(before, hour, model, provider)) {
      if (before.keyId === keyId && before.customer === customer) return before;
    }
    let ofKey = this.sums.get(keyId);
    if (ofKey === undefined) this.sums.set(keyId, (ofKey = new Map()));
    let ofCustomer = ofKey.get(customer);
    if (ofCustomer === undefined) ofKey.set(customer, (ofCustomer = []));
    // One customer asks few models within a batch: comparing is cheaper than making a name to look up.
    for (let i = 0; i < ofCustomer.length; i++) {
      const sum = ofCustomer[i]!;
      if (isOf(sum, hour, model, provider)) return (this.before = sum);
    }
    const sum: HourlySum = {
      hour,
      keyId,
      customer,
      model,
      provider,
      keyName: record.keyName,
      requests: 0,
      errors: 0,
      unpriced: 0,
      input: 0,
      output: 0,
      cacheRead: 0,
      cacheWrite: 0,
      reasoning: 0,
      costNano: 0,
    };
    ofCustomer.push(sum);
    return (this.before = sum);
  }
}

function isOf(sum: HourlySum, hour: number, model: string, provider: string): boolean {
  return sum.hour === hour && sum.model === model && sum.provider === provider && sum.costNano < MOST_NANO;
}
