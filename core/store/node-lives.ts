import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { QUARTER_MS, type UsedBy, type UsedSoFar } from '@headgate/sdk';
import { writeWhole } from './folder-file.js';
import type { LedgerSql, Statements } from './ledger-sql.js';
import type { TakenBatch } from './ledger-store.js';
import { type NodeLife, nameOf, nodeOf, type UsedInLife } from './node-life.js';
import { LivesUpkeep } from './node-lives-upkeep.js';
import { bootOf } from './segment-names.js';
import { groupsWith } from './usage-filter.js';
import { DAY_MS, type Totals, UsageAdder } from './usage-totals.js';
import { DIMENSION_OF } from './used-since.js';

/** In the data folder: the lives whose spool lies in it, a line each. */
const FILE = 'cluster-lives';

/** A request may be counted in the window after the one in which it arrived, and clocks may differ by some seconds. */
const SLACK_MS = 60_000;

const ADD = `INSERT INTO node_usage (life, slot, group_id, requests, input_tokens, output_tokens, cost_nano)
VALUES (?, ?, ?, ?, ?, ?, ?)`;
const SUM = `ON CONFLICT (life, slot, group_id) DO UPDATE SET ${[
  'requests',
  'input_tokens',
  'output_tokens',
  'cost_nano',
]
  .map((name) => `${name} = node_usage.${name} + excluded.${name}`)
  .join(', ')}`;

/**
 * What each life of a node has recorded. After a crash the others know of the node only what it held; its next life, which has
 * its spool, knows what it used, and gives back the rest. Written in the transactions of the ledger, so it is as exact as that.
 */
export class NodeLives {
  readonly upkeep: LivesUpkeep;
  private spoiled = false;

  private constructor(
    private readonly sql: LedgerSql,
    private readonly dataDir: string,
    private readonly node: string,
    readonly boot: string,
    readonly life: string,
    /** Lives of this node whose spool is in this folder, and that have not been settled. */
    private known: readonly string[],
  ) {
    this.upkeep = new LivesUpkeep(sql, life);
  }

  /** A new life begins. Rejects when the folder or the database cannot be written. */
  static async open(sql: LedgerSql, dataDir: string, life: NodeLife): Promise<NodeLives> {
    const name = nameOf(life);
    // A copy of another node's folder says nothing of this one.
    const known = linesOf(join(dataDir, FILE)).filter((one) => one.startsWith(`${life.node}~`));
    await sql.run('INSERT INTO node_lives (life, exact, begun_ms) VALUES (?, 1, ?)', [name, Date.now()]);
    const lives = new NodeLives(sql, dataDir, life.node, life.boot, name, known);
    lives.write([...known, name]);
    return lives;
  }

  /** Lives before this one. */
  get earlier(): readonly string[] {
    return this.known;
  }

  /** Part of the transaction that writes these batches. */
  async add(sql: Statements, batches: readonly TakenBatch[], quarters: readonly Totals[]): Promise<void> {
    if (this.spoiled) await this.mark(sql);
    const all = new Set(batches.map((batch) => this.lifeOf(batch)));
    for (const life of all) {
      const sums =
        all.size === 1 ? quarters : quartersOf(batches.filter((batch) => this.lifeOf(batch) === life));
      await sql.each(
        `${ADD} ${SUM}`,
        sums.map(({ slot, group, requests, refused, input, output, cost }) => [
          life,
          slot,
          group,
          requests - refused,
          input,
          output,
          cost,
        ]),
      );
    }
  }

  /** More records than a crash may take are missing, or only in memory: of no life that is known here anything can be said any more. */
  spoil(): void {
    if (this.spoiled) return;
    this.spoiled = true;
    // Tried again with the next records.
    this.mark(this.sql).catch(() => {});
  }

  /** Null when it cannot be said, but for a last batch that a crash may have taken. Of what arrived since then, unix milliseconds. */
  async used(life: string, of: UsedBy, since: number): Promise<UsedInLife | null> {
    if (this.spoiled) return null;
    const [row] = await this.sql.all('SELECT exact FROM node_lives WHERE life = ?', [life]);
    if (Number(row?.[0] ?? 0) !== 1) return null;
    const [least, most] = await Promise.all([
      this.sum(life, of, Math.ceil(since / QUARTER_MS)),
      this.sum(life, of, Math.floor((since - SLACK_MS) / QUARTER_MS)),
    ]);
    return { least, most };
  }

  /** How many nodes have begun or recorded something in the day before `now`, unix milliseconds. */
  async nodesOfLate(now: number): Promise<number> {
    const since = now - DAY_MS;
    const rows = await this.sql.all(
      `SELECT life FROM node_lives WHERE begun_ms >= ? OR EXISTS
       (SELECT 1 FROM node_usage WHERE node_usage.life = node_lives.life AND slot >= ?)`,
      [since, Math.floor(since / QUARTER_MS)],
    );
    return new Set(rows.map(([life]) => nodeOf(String(life)))).size;
  }

  /** Nothing will be asked of these lives any more. */
  async forget(lives: readonly string[]): Promise<void> {
    if (lives.length === 0) return;
    const list = `(${lives.map(() => '?').join(', ')})`;
    await this.sql.transaction(async (sql) => {
      await sql.run(`DELETE FROM node_usage WHERE life IN ${list}`, lives);
      await sql.run(`DELETE FROM node_lives WHERE life IN ${list}`, lives);
    });
    this.known = this.known.filter((one) => !lives.includes(one));
    this.write([...this.known, this.life]);
  }

  private async sum(life: string, { kind, id }: UsedBy, slot: number): Promise<UsedSoFar> {
    const groups = groupsWith(this.sql.kind, { [DIMENSION_OF[kind]]: [id] });
    const [row = []] = await this.sql.all(
      `SELECT sum(requests), sum(input_tokens), sum(output_tokens), sum(cost_nano) FROM node_usage
       WHERE life = ? AND slot >= ?${groups === null ? '' : ` AND ${groups.text}`}`,
      [life, slot, ...(groups?.values ?? [])],
    );
    const [requests = 0, inputTokens = 0, outputTokens = 0, nanos = 0] = row.map(Number);
    return { requests, inputTokens, outputTokens, nanos };
  }

  private async mark(sql: Statements): Promise<void> {
    const all = [...this.known, this.life];
    await sql.run(`UPDATE node_lives SET exact = 0 WHERE life IN (${all.map(() => '?').join(', ')})`, all);
  }

  private lifeOf({ end }: TakenBatch): string {
    const boot = end === null ? null : bootOf(end.segment);
    return boot === null ? this.life : `${this.node}~${boot}`;
  }

  private write(lives: readonly string[]): void {
    writeWhole(this.dataDir, FILE, `${lives.join('\n')}\n`);
  }
}

function quartersOf(batches: readonly TakenBatch[]): readonly Totals[] {
  const adder = new UsageAdder();
  for (const { batch } of batches) if (batch.count > 0) adder.add(batch);
  return adder.take().quarters;
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
