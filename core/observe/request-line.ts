import type { SettledRecord, UsageUnits } from '@headgate/sdk';
import { LineBuffer } from './line-buffer.js';
import { type Piece, textPiece } from './piece.js';

const ID = textPiece(',"msg":"request","id":');
const KEY = textPiece(',"key":');
const CUSTOMER = textPiece(',"customer":');
const MODEL = textPiece(',"model":');
const PROVIDER = textPiece(',"provider":');
const TARGET = textPiece(',"target":');
const OPERATION = textPiece(',"operation":');
const STATUS = textPiece(',"status":');
const OUTCOME = textPiece(',"outcome":');
const STREAM = textPiece(',"stream":true,"input_tokens":');
const NO_STREAM = textPiece(',"stream":false,"input_tokens":');
const TIER = textPiece(',"service_tier":');
const UNITS = textPiece(',"units":');
const OUTPUT = textPiece(',"output_tokens":');
const CACHED = textPiece(',"cached_tokens":');
const REASONING = textPiece(',"reasoning_tokens":');
const NO_TOKENS = textPiece('null,"output_tokens":null,"cached_tokens":null,"reasoning_tokens":null');
const COST = textPiece(',"cost_usd":"');
const NO_COST = textPiece(',"cost_usd":null,"attempts":');
const ATTEMPTS = textPiece('","attempts":');
const TOTAL = textPiece(',"ms":');
const FIRST_TOKEN = textPiece(',"ttft_ms":');
const OVERHEAD = textPiece(',"overhead_us":');
const CACHE = textPiece(',"cache":');
const ERROR = textPiece(',"error":');
const END = textPiece('}\n');
/** Names that are remembered as looked at: to look anew costs more than the rest of a line. */
const MOST_NAMES = 20_000;
/** A longer one, which only a client can have made up, is looked at each time. */
const LONGEST_NAME = 256;
/** Room for the names and numbers of a line. */
const LINE_BYTES = 1024;

/**
 * Makes the log lines of settled requests, in the shape that the logger gives its own lines. The fields are named here
 * one by one, so nothing a request carried can slip in: no header, no body, no credential.
 */
export class RequestLines {
  private readonly to = new LineBuffer();
  private second = Number.NaN;
  private secondText = textPiece('');
  private readonly last = {
    keyName: last(),
    customer: last(),
    model: last(),
    provider: last(),
    targetModel: last(),
    operation: last(),
    outcome: last(),
    cache: last(),
    error: last(),
  };
  /** As JSON and as they may be shown: clients chose some of them. */
  private readonly names = new Map<string, Piece>();

  /** @param safe a text without what looks like a secret */
  constructor(private readonly safe: (text: string) => string = (text) => text) {}

  /** Bytes of lines that were not taken. */
  get bytes(): number {
    return this.to.length;
  }

  /** One line each. */
  add(records: Iterable<SettledRecord>): void {
    for (const record of records) this.write(record);
  }

  /** The lines since it was asked last. */
  take(): string {
    return this.to.take();
  }

  private write(record: SettledRecord): void {
    const { to, last } = this;
    const { id, usage, costNano, totalMs } = record;
    to.reserve(id.length * 6 + LINE_BYTES);
    this.writeTime(Math.round(record.time + totalMs));
    to.piece(ID);
    to.string(id);
    to.piece(KEY);
    this.name(last.keyName, record.keyName);
    to.piece(CUSTOMER);
    this.name(last.customer, record.customer);
    to.piece(MODEL);
    this.name(last.model, record.model);
    to.piece(PROVIDER);
    this.name(last.provider, record.provider);
    to.piece(TARGET);
    this.name(last.targetModel, record.targetModel);
    to.piece(OPERATION);
    this.name(last.operation, record.operation);
    to.piece(STATUS);
    to.count(record.status);
    to.piece(OUTCOME);
    this.name(last.outcome, record.outcome);
    to.piece(record.stream ? STREAM : NO_STREAM);
    if (usage === null) to.piece(NO_TOKENS);
    else {
      to.count(usage.inputTokens);
      to.piece(OUTPUT);
      to.count(usage.outputTokens);
      to.piece(CACHED);
      to.count(usage.cacheReadTokens);
      to.piece(REASONING);
      to.count(usage.reasoningTokens);
      if (usage.serviceTier !== undefined && usage.serviceTier !== 'standard') {
        to.piece(TIER);
        to.piece(this.look(usage.serviceTier));
      }
      if (usage.units !== undefined) this.writeUnits(usage.units);
    }
    if (costNano === null) to.piece(NO_COST);
    else {
      to.piece(COST);
      to.usd(costNano);
      to.piece(ATTEMPTS);
    }
    to.count(record.attempts.length);
    to.piece(TOTAL);
    to.duration(totalMs);
    to.piece(FIRST_TOKEN);
    to.duration(record.firstTokenMs);
    to.piece(OVERHEAD);
    to.duration(record.overheadUs);
    to.piece(CACHE);
    this.name(last.cache, record.cache);
    to.piece(ERROR);
    this.name(last.error, record.error);
    to.piece(END);
  }

  private writeUnits(units: UsageUnits): void {
    const text = Buffer.from(JSON.stringify(units));
    this.to.reserve(text.length + LINE_BYTES);
    this.to.piece(UNITS);
    this.to.raw(text);
  }

  private writeTime(time: number): void {
    const second = Math.floor(time / 1000);
    if (second !== this.second) {
      this.second = second;
      this.secondText = textPiece(`{"level":"info","time":${second > 0 ? second : ''}`);
    }
    this.to.piece(this.secondText);
    if (second > 0) this.to.threeDigits(time - second * 1000);
    else this.to.count(time);
  }

  /** As JSON. A client may send a secret as the name of a model or of a customer. */
  private name(last: Last, text: string): void {
    if (text !== last.text) {
      last.text = text;
      last.piece = this.look(text);
    }
    this.to.reserve(last.piece.length + LINE_BYTES);
    this.to.piece(last.piece);
  }

  private look(text: string): Piece {
    const known = this.names.get(text);
    if (known !== undefined) return known;
    const shown = textPiece(JSON.stringify(this.safe(text)));
    if (this.names.size >= MOST_NAMES) this.names.clear();
    if (text.length <= LONGEST_NAME) this.names.set(text, shown);
    return shown;
  }
}

/** What a field said in the record before, which is often what it says in the next. */
interface Last {
  text: string;
  piece: Piece;
}

function last(): Last {
  return { text: '', piece: textPiece('""') };
}
