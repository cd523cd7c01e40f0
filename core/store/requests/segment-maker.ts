import type { BlockData } from '../block-data.js';
import type { LedgerSql, Statements } from '../ledger-sql.js';
import { SMALL_BLOCK } from '../ledger-version.js';
import { alone } from '../maintenance.js';
import { packSegment, type SegmentRow } from './search-columns.js';
import { type BlockName, readNames, writeNames } from './segment-names.js';

/** Records of a segment, and how many are put together in one turn. */
const FULL = 16_384;
const STEP = 2048;
/** Blocks before the latest one that is in a segment: of other nodes some may have come late. */
const LATE = 1024;
const PAGE = 512;

const LAST = 'SELECT blocks FROM request_segments ORDER BY id DESC LIMIT 64';
const BLOCKS = `SELECT id, first_ms, last_ms, records FROM request_blocks
WHERE id > ? AND records >= ${SMALL_BLOCK} ORDER BY id LIMIT ${PAGE}`;
const INSERT =
  'INSERT INTO request_segments (first_ms, last_ms, records, blocks) VALUES (?, ?, ?, ?) RETURNING id';
const INSERT_COLUMN = 'INSERT INTO request_columns (segment, field, data) VALUES (?, ?, ?)';
const GONE = `SELECT id FROM request_segments
WHERE last_ms < (SELECT coalesce(min(first_ms), ${Number.MAX_SAFE_INTEGER}) FROM request_blocks) LIMIT 16`;

/** What is being put together. */
interface Draft {
  readonly names: BlockName[];
  readonly rows: SegmentRow[];
  /** Still to be opened. */
  readonly left: BlockName[];
}

/**
 * Makes what searches look through of blocks that nothing will be added to: the columns that are searched, of many blocks
 * together. Small blocks are left out, since they will be merged. A segment says which blocks it is made of; where one of them is
 * gone its rows count no longer, and where a segment is missing its blocks are searched themselves.
 */
export class SegmentMaker {
  private draft: Draft | null = null;

  constructor(
    private readonly db: LedgerSql,
    private readonly data: BlockData,
    /** Records of a segment. */
    private readonly full = FULL,
  ) {}

  /** A bounded piece of the work; true when there may be more to do. Rejects when the database refuses. */
  async step(): Promise<boolean> {
    this.draft ??= await this.begin();
    const { draft } = this;
    if (draft === null) {
      await this.drop();
      return false;
    }
    let added = 0;
    for (let name = draft.left.shift(); name !== undefined; name = draft.left.shift()) {
      added += await this.add(draft, name);
      if (added >= STEP) return true;
    }
    this.draft = null;
    await this.finish(draft);
    return true;
  }

  /** Enough blocks that are in no segment; null when there are too few. */
  private async begin(): Promise<Draft | null> {
    const covered = new Set<number>();
    let latest = 0;
    for (const [bytes] of await this.db.all(LAST)) {
      for (const { id } of readNames(bytes as Uint8Array)) {
        covered.add(id);
        latest = Math.max(latest, id);
      }
    }
    // What is before the blocks that were looked at was decided on then.
    const least = covered.size === 0 ? 0 : Math.max(latest - LATE, Math.min(...covered));
    const left: BlockName[] = [];
    let records = 0;
    for (let after = least - 1; records < this.full; ) {
      const rows = (await this.db.all(BLOCKS, [after])) as unknown as [number, number, number, number][];
      for (const [id, firstMs, lastMs, count] of rows) {
        if (covered.has(id) || records >= this.full) continue;
        left.push({ id, firstMs, lastMs });
        records += count;
      }
      if (rows.length < PAGE) break;
      after = (rows.at(-1) as [number, number, number, number])[0];
    }
    return records < this.full ? null : { names: [], rows: [], left };
  }

  /** Segments all of whose blocks are gone. */
  private async drop(): Promise<void> {
    const gone = (await this.db.all(GONE)).map(([id]) => Number(id));
    if (gone.length === 0) return;
    const places = gone.map(() => '?').join(', ');
    await this.db.transaction(async (sql) => {
      await sql.run(`DELETE FROM request_columns WHERE segment IN (${places})`, gone);
      await sql.run(`DELETE FROM request_segments WHERE id IN (${places})`, gone);
    });
  }

  private async add({ names, rows }: Draft, name: BlockName): Promise<number> {
    const batch = await this.data.open(this.db, name.id);
    // Damaged or gone: a search finds out by itself.
    if (batch === null) return 0;
    const block = names.push(name) - 1;
    const { columns } = batch;
    for (let row = 0; row < batch.count; row++)
      rows.push({ time: columns.time.at(row), columns, block, row });
    return batch.count;
  }

  private async finish({ names, rows }: Draft): Promise<void> {
    if (rows.length === 0) return;
    rows.sort((a, b) => a.time - b.time);
    const columns = packSegment(rows);
    const firstMs = Math.min(...names.map((name) => name.firstMs));
    const lastMs = Math.max(...names.map((name) => name.lastMs));
    await alone(this.db, null, async (sql) => {
      // Of two nodes at the same work only one is to keep what it has made.
      if (await anyCovered(sql, names)) return null;
      const [made = []] = await sql.all(INSERT, [firstMs, lastMs, rows.length, writeNames(names)]);
      const id = Number(made[0]);
      await sql.each(
        INSERT_COLUMN,
        columns.map(([field, data]) => [id, field, data]),
      );
      return null;
    });
  }
}

async function anyCovered(sql: Statements, names: readonly BlockName[]): Promise<boolean> {
  const ids = new Set(names.map(({ id }) => id));
  const rows = await sql.all(LAST);
  return rows.some(([bytes]) => readNames(bytes as Uint8Array).some(({ id }) => ids.has(id)));
}
