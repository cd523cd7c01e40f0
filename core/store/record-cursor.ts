import type {
  AttemptRecord,
  HookOutcome,
  HookTime,
  Operation,
  Outcome,
  PassedOver,
  Phase,
  ServiceTier,
  SettledRecord,
  Usage,
  UsageUnits,
} from '@headgate/sdk';
import type { RecordColumns } from './record-columns.js';
import { RowsOfRecord } from './rows-of-record.js';

/** A record seen through the columns of its batch: nothing is put together that nobody asks for. */
export class RecordCursor implements SettledRecord {
  /** The row that is looked at. */
  row = 0;
  private readonly usageHere: UsageCursor;
  private readonly tries: RowsOfRecord<AttemptCursor>;
  private readonly hooksHere: RowsOfRecord<HookCursor>;

  constructor(
    private readonly columns: RecordColumns,
    count: number,
  ) {
    this.usageHere = new UsageCursor(columns);
    this.tries = new RowsOfRecord(columns.tries, count, () => new AttemptCursor(columns.attempts));
    this.hooksHere = new RowsOfRecord(columns.hookCounts, count, () => new HookCursor(columns.hooks));
  }

  get id(): string {
    return this.columns.id.at(this.row);
  }
  get time(): number {
    return this.columns.time.at(this.row);
  }
  get operation(): Operation {
    return this.columns.operation.at(this.row);
  }
  get format(): string {
    return this.columns.format.at(this.row);
  }
  get stream(): boolean {
    return this.columns.stream.at(this.row);
  }
  get keyId(): string {
    return this.columns.keyId.at(this.row);
  }
  get keyName(): string {
    return this.columns.keyName.at(this.row);
  }
  get org(): string {
    return this.columns.org.at(this.row);
  }
  get team(): string {
    return this.columns.team.at(this.row);
  }
  get project(): string {
    return this.columns.project.at(this.row);
  }
  get user(): string {
    return this.columns.user.at(this.row);
  }
  get customer(): string {
    return this.columns.customer.at(this.row);
  }
  get session(): string {
    return this.columns.session.at(this.row);
  }
  get tags(): readonly string[] {
    return this.columns.tags.at(this.row);
  }
  get model(): string {
    return this.columns.model.at(this.row);
  }
  get provider(): string {
    return this.columns.provider.at(this.row);
  }
  get targetModel(): string {
    return this.columns.targetModel.at(this.row);
  }
  get status(): number {
    return this.columns.status.at(this.row);
  }
  get outcome(): Outcome {
    return this.columns.outcome.at(this.row);
  }
  get error(): string {
    return this.columns.error.at(this.row);
  }
  /** Numbers of the row, valid until the cursor moves. */
  get usage(): Usage | null {
    if (!this.columns.used.at(this.row)) return null;
    this.usageHere.row = this.row;
    return this.usageHere;
  }
  get costNano(): number | null {
    return this.columns.costNano.at(this.row);
  }
  /** Those of the row, valid until the cursor moves. */
  get attempts(): AttemptRecord[] {
    return this.tries.at(this.row);
  }
  get totalMs(): number {
    return this.columns.totalMs.at(this.row);
  }
  get firstByteMs(): number | null {
    return this.columns.firstByteMs.at(this.row);
  }
  get firstTokenMs(): number | null {
    return this.columns.firstTokenMs.at(this.row);
  }
  get overheadUs(): number {
    return this.columns.overheadUs.at(this.row);
  }
  get cache(): string {
    return this.columns.cache.at(this.row);
  }
  get errorMessage(): string {
    return this.columns.errorMessage.at(this.row);
  }
  get bodyMs(): number | null {
    return this.columns.bodyMs.at(this.row);
  }
  get checkMs(): number | null {
    return this.columns.checkMs.at(this.row);
  }
  get checkedMs(): number | null {
    return this.columns.checkedMs.at(this.row);
  }
  get routedMs(): number | null {
    return this.columns.routedMs.at(this.row);
  }
  get plugins(): readonly string[] {
    return this.columns.plugins.at(this.row);
  }
  /** Those of the row, valid until the cursor moves. */
  get hooks(): readonly HookTime[] {
    return this.hooksHere.at(this.row);
  }
  get finish(): string {
    return this.columns.finish.at(this.row);
  }
  get tools(): readonly string[] {
    return this.columns.tools.at(this.row);
  }
  get trace(): string {
    return this.columns.trace.at(this.row);
  }
  get answerId(): string {
    return this.columns.answerId.at(this.row);
  }
  get continues(): string {
    return this.columns.continues.at(this.row);
  }
  get metadata(): Readonly<Record<string, string>> {
    return this.columns.metadata.at(this.row);
  }
  get passedOver(): readonly PassedOver[] {
    return this.columns.passedOver.at(this.row);
  }
}

class UsageCursor implements Usage {
  row = 0;

  private readonly columns: RecordColumns['usage'];

  constructor(private readonly all: RecordColumns) {
    this.columns = all.usage;
  }

  get inputTokens(): number {
    return this.columns.inputTokens.at(this.row);
  }
  get outputTokens(): number {
    return this.columns.outputTokens.at(this.row);
  }
  get cacheReadTokens(): number {
    return this.columns.cacheReadTokens.at(this.row);
  }
  get cacheWriteTokens(): number {
    return this.columns.cacheWriteTokens.at(this.row);
  }
  get cacheWriteLongTokens(): number {
    return this.columns.cacheWriteLongTokens.at(this.row);
  }
  get reasoningTokens(): number {
    return this.columns.reasoningTokens.at(this.row);
  }
  get inputAudioTokens(): number {
    return this.columns.inputAudioTokens.at(this.row);
  }
  get outputAudioTokens(): number {
    return this.columns.outputAudioTokens.at(this.row);
  }
  get serviceTier(): ServiceTier | undefined {
    return this.all.serviceTier.at(this.row) || undefined;
  }
  get units(): UsageUnits | undefined {
    const text = this.all.units.at(this.row);
    return text === '' ? undefined : (JSON.parse(text) as UsageUnits);
  }
}

class AttemptCursor implements AttemptRecord {
  row = 0;

  constructor(private readonly columns: RecordColumns['attempts']) {}

  get provider(): string {
    return this.columns.provider.at(this.row);
  }
  get model(): string {
    return this.columns.model.at(this.row);
  }
  get key(): string {
    return this.columns.key.at(this.row);
  }
  get status(): number {
    return this.columns.status.at(this.row);
  }
  get error(): string | null {
    return this.columns.error.at(this.row);
  }
  get ms(): number {
    return this.columns.ms.at(this.row);
  }
  get startMs(): number {
    return this.columns.startMs.at(this.row);
  }
  get connectMs(): number | null {
    return this.columns.connectMs.at(this.row);
  }
  get firstByteMs(): number | null {
    return this.columns.firstByteMs.at(this.row);
  }
}

class HookCursor implements HookTime {
  row = 0;

  constructor(private readonly columns: RecordColumns['hooks']) {}

  get plugin(): string {
    return this.columns.plugin.at(this.row);
  }
  get phase(): Phase {
    return this.columns.phase.at(this.row);
  }
  get outcome(): HookOutcome {
    return this.columns.outcome.at(this.row);
  }
  get startMs(): number {
    return this.columns.startMs.at(this.row);
  }
  get ms(): number {
    return this.columns.ms.at(this.row);
  }
  get restMs(): number {
    return this.columns.restMs.at(this.row);
  }
  get calls(): number {
    return this.columns.calls.at(this.row);
  }
}
