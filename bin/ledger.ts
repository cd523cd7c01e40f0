import { invoiceNumber } from '../core/admin/invoice-text.js';
import { usdText } from '../core/money.js';
import { StartError } from '../core/start-error.js';
import { type LedgerCheck, rebuildLedger, verifyLedger, type WrongSum } from '../core/store/ledger-check.js';
import { openLedgerSql } from '../core/store/ledger-sql.js';
import { addressOf, isMemory } from '../core/store/sql/address.js';
import { type Flags, UsageError } from './flags.js';
import { loadSettings } from './settings.js';

const WORK = { verify: verifyLedger, rebuild: rebuildLedger };

/**
 * `headgate ledger verify|rebuild`: whether the sums are what the records come to, and to make them so. Works on the database
 * itself, whether a gateway runs or not. Exits with 1 when something is wrong that stays so.
 */
export async function ledgerCommand(flags: Flags, _entry: URL, words: readonly string[]): Promise<void> {
  const [what = '', ...more] = words;
  if (!(what === 'verify' || what === 'rebuild') || more.length > 0)
    throw new UsageError(`"ledger ${words.join(' ')}" is nothing; it is verify or rebuild`);
  const { config } = await loadSettings(flags);
  const address = addressOf(config.store);
  if (address.kind === 'sqlite' && isMemory(address.path))
    throw new StartError('store.url says that everything is kept in memory: there is no ledger');
  const db = await openLedgerSql(address).catch((error) => {
    throw new StartError(error instanceof Error ? error.message : String(error));
  });
  try {
    const check = await WORK[what](db);
    const rebuilt = what === 'rebuild';
    say(flags.json === true ? json(check, rebuilt) : textOfCheck(check, rebuilt));
    const stays = check.damaged + check.twice.length + check.changedInvoices.length;
    const good = stays === 0 && (rebuilt || check.wrongCount === 0);
    if (!good) process.exitCode = 1;
  } finally {
    await db.close();
  }
}

function textOfCheck(
  { from, records, costNano, damaged, twice, wrong, wrongCount, changedInvoices }: LedgerCheck,
  rebuilt: boolean,
): string {
  const since = from === 0 ? '' : ` since ${iso(from)}`;
  const lines = [`${records} records${since}, ${usdText(Number(costNano))} USD`];
  if (damaged > 0) lines.push(`${damaged} blocks of records cannot be read: what they had is in no sum`);
  for (const id of twice) lines.push(`the request ${id} is there more than once`);
  for (const number of changedInvoices)
    lines.push(`the invoice ${invoiceNumber(number)} is not as it was issued`);
  if (wrongCount === 0) lines.push('all sums are what the records come to');
  else
    lines.push(
      `${wrongCount} sums ${rebuilt ? 'were' : 'are'} wrong${rebuilt ? ', and were made anew' : ''}:`,
    );
  for (const one of wrong) lines.push(`  ${textOf(one)}`);
  if (wrongCount > wrong.length) lines.push(`  and ${wrongCount - wrong.length} more`);
  if (wrongCount > 0 && !rebuilt) lines.push('"headgate ledger rebuild" makes them anew from the records');
  return lines.join('\n');
}

function textOf({ table, time, group, column, kept, records }: WrongSum): string {
  const who = Object.entries(group).map(([name, value]) => `${name}=${value}`);
  if (table === 'usage_blocks') return `the columns from ${iso(time)} on are not what the tables of sums say`;
  const unit = table === 'usage_days' ? 'day' : 'quarter of an hour';
  return `${unit} ${iso(time)} ${column}: kept ${kept}, records ${records} (${who.join(' ')})`;
}

function json(check: LedgerCheck, rebuilt: boolean): string {
  const { from, records, costNano, damaged, twice, wrongCount, changedInvoices } = check;
  return JSON.stringify(
    {
      complete_since: from === 0 ? null : iso(from),
      records,
      cost_nano: String(costNano),
      damaged_blocks: damaged,
      twice,
      wrong_sums: wrongCount,
      wrong: check.wrong.map((one) => ({
        table: one.table,
        time: iso(one.time),
        group: one.group,
        column: one.column,
        kept: String(one.kept),
        records: String(one.records),
      })),
      changed_invoices: changedInvoices.map(invoiceNumber),
      rebuilt,
    },
    null,
    2,
  );
}

const iso = (ms: number): string => new Date(ms).toISOString();
const say = (text: string): void => void process.stdout.write(`${text}\n`);
