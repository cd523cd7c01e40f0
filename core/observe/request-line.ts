import type { SettledRecord, UsageUnits } from '@headgate/sdk';
import { LineBuffer } from './line-buffer.js';

const ID = Buffer.from(',"msg":"request","id":');
const TIER = Buffer.from(',"service_tier":');
const UNITS = Buffer.from(',"units":');
const OUTPUT = Buffer.from(',"output_tokens":');
const CACHED = Buffer.from(',"cached_tokens":');
const REASONING = Buffer.from(',"reasoning_tokens":');
const NO_TOKENS = Buffer.from('null,"output_tokens":null,"cached_tokens":null,"reasoning_tokens":null');
const COST = Buffer.from(',"cost_usd":"');
const NO_COST = Buffer.from(',"cost_usd":null,"attempts":');
const ATTEMPTS = Buffer.from('","attempts":');
const TOTAL = Buffer.from(',"ms":');
const FIRST_TOKEN = Buffer.from(',"ttft_ms":');
const OVERHEAD = Buffer.from(',"overhead_us":');
/** Names that are remembered as looked at. */
const MOST_NAMES = 2000;
/** Room for the names and numbers of a line. */
const LINE_BYTES = 1024;

/**
 * Makes the log lines of settled requests, in the shape that the logger gives its own lines. The fields are named here
 * one by one, so nothing a request carried can slip in: no header, no body, no credential. What a record shares with the
 * one before it is put together once.
 */
export class RequestLines {
  private readonly to = new LineBuffer();
  private second = Number.NaN;
  private secondText = Buffer.alloc(0);
  private keyName: string | null = null;
  private customer = '';
  private model = '';
  private provider = '';
  private targetModel = '';
  private operation = '';
  private status = 0;
  private outcome = '';
  private stream = false;
  private whatText = Buffer.alloc(0);
  private cache: string | null = null;
  private error = '';
  private endText = Buffer.alloc(0);

  /** Names that clients chose, as they may be shown. */
  private readonly shown = new Map<string, string>();

  /** @param safe a text without what looks like a secret */
  constructor(private readonly safe: (text: string) => string = (text) => text) {}

  /** One line each. */
  of(records: Iterable<SettledRecord>): string {
    for (const record of records) this.write(record);
    return this.to.take();
  }

  private write(record: SettledRecord): void {
    const { to } = this;
    const { id, usage, costNano, totalMs } = record;
    const what = this.what(record);
    const end = this.end(record);
    to.reserve(what.length + end.length + id.length * 6 + LINE_BYTES);
    this.writeTime(Math.round(record.time + totalMs));
    to.raw(ID);
    to.string(id);
    to.raw(what);
    if (usage === null) to.raw(NO_TOKENS);
    else {
      to.count(usage.inputTokens);
      to.raw(OUTPUT);
      to.count(usage.outputTokens);
      to.raw(CACHED);
      to.count(usage.cacheReadTokens);
      to.raw(REASONING);
      to.count(usage.reasoningTokens);
      if (usage.serviceTier !== undefined && usage.serviceTier !== 'standard') {
        to.raw(TIER);
        to.string(usage.serviceTier);
      }
      if (usage.units !== undefined) this.writeUnits(usage.units);
    }
    if (costNano === null) to.raw(NO_COST);
    else {
      to.raw(COST);
      to.usd(costNano);
      to.raw(ATTEMPTS);
    }
    to.count(record.attempts.length);
    to.raw(TOTAL);
    to.duration(totalMs);
    to.raw(FIRST_TOKEN);
    to.duration(record.firstTokenMs);
    to.raw(OVERHEAD);
    to.duration(record.overheadUs);
    to.raw(end);
  }

  private writeUnits(units: UsageUnits): void {
    const text = Buffer.from(JSON.stringify(units));
    this.to.reserve(text.length + LINE_BYTES);
    this.to.raw(UNITS);
    this.to.raw(text);
  }

  private writeTime(time: number): void {
    const second = Math.floor(time / 1000);
    if (second !== this.second) {
      this.second = second;
      this.secondText = Buffer.from(`{"level":"info","time":${second > 0 ? second : ''}`);
    }
    this.to.raw(this.secondText);
    if (second > 0) this.to.threeDigits(time - second * 1000);
    else this.to.count(time);
  }

  private what(record: SettledRecord): Uint8Array {
    const { keyName, customer, model, provider, targetModel, operation, status, outcome, stream } = record;
    if (
      keyName !== this.keyName ||
      customer !== this.customer ||
      model !== this.model ||
      provider !== this.provider ||
      targetModel !== this.targetModel ||
      operation !== this.operation ||
      status !== this.status ||
      outcome !== this.outcome ||
      stream !== this.stream
    ) {
      this.keyName = keyName;
      this.customer = customer;
      this.model = model;
      this.provider = provider;
      this.targetModel = targetModel;
      this.operation = operation;
      this.status = status;
      this.outcome = outcome;
      this.stream = stream;
      this.whatText = Buffer.from(
        `,"key":${this.name(keyName)},"customer":${this.name(customer)},"model":${this.name(model)}` +
          `,"provider":${this.name(provider)},"target":${this.name(targetModel)},"operation":"${operation}"` +
          `,"status":${status},"outcome":"${outcome}","stream":${stream},"input_tokens":`,
      );
    }
    return this.whatText;
  }

  /** As JSON. A client may send a secret as the name of a model or of a customer. */
  private name(text: string): string {
    const known = this.shown.get(text);
    if (known !== undefined) return known;
    if (this.shown.size >= MOST_NAMES) this.shown.clear();
    const shown = JSON.stringify(this.safe(text));
    this.shown.set(text, shown);
    return shown;
  }

  private end(record: SettledRecord): Uint8Array {
    const { cache, error } = record;
    if (cache !== this.cache || error !== this.error) {
      this.cache = cache;
      this.error = error;
      this.endText = Buffer.from(`,"cache":${JSON.stringify(cache)},"error":${JSON.stringify(error)}}\n`);
    }
    return this.endText;
  }
}
