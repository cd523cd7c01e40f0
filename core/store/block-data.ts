import { crc32 } from 'node:zlib';
import type { Statements } from './ledger-sql.js';
import type { RecordBatch } from './record-batch.js';
import { openBatch } from './record-codec.js';

/** Told of a block that cannot be read. Its records are missing in whatever was asked for; nothing else is. */
type OnDamaged = (block: number, error: unknown) => void;

/** Reads single blocks. */
export class BlockData {
  private readonly told = new Set<number>();

  constructor(private readonly onDamaged: OnDamaged) {}

  /** Null when there is none of that id, or it is damaged: that is told once. Rejects when the database refuses. */
  async open(sql: Statements, id: number): Promise<RecordBatch | null> {
    // In SQLite a damaged row may hold a text that is none, and reading such a text ends the process.
    const columns =
      sql.kind === 'sqlite' ? 'CAST(checksum AS INTEGER), CAST(data AS BLOB)' : 'checksum, data';
    const rows = await sql.all(`SELECT ${columns} FROM request_blocks WHERE id = ?`, [id]).catch((error) => {
      if (!isDamage(error)) throw error;
      this.tell(id, error);
      return [];
    });
    const [row] = rows;
    if (row === undefined) return null;
    try {
      return checked(row[0], row[1]);
    } catch (error) {
      this.tell(id, error);
      return null;
    }
  }

  private tell(id: number, error: unknown): void {
    if (!this.told.has(id)) this.onDamaged(id, error);
    this.told.add(id);
  }
}

/** The batch in a block. Throws when it is not what was written. */
export function checked(checksum: unknown, data: unknown): RecordBatch {
  if (!(data instanceof Uint8Array) || crc32(data) !== checksum) throw new Error('its checksum does not fit');
  return openBatch(data);
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_CORRUPT');
}
