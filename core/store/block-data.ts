import { crc32 } from 'node:zlib';
import type { Sqlite } from './open-database.js';
import type { RecordBatch } from './record-batch.js';
import { openBatch } from './record-codec.js';

/** Told of a block that cannot be read. Its records are missing in whatever was asked for; nothing else is. */
type OnDamaged = (block: number, error: unknown) => void;

/** Reads single blocks. */
export class BlockData {
  private readonly read;
  private readonly told = new Set<number>();

  constructor(
    db: Sqlite,
    private readonly onDamaged: OnDamaged,
  ) {
    // A damaged row may hold a text that is none, and reading such a text ends the process.
    this.read = db
      .prepare('SELECT CAST(checksum AS INTEGER), CAST(data AS BLOB) FROM request_blocks WHERE id = ?')
      .raw();
  }

  /** Null when there is none of that id, or it is damaged: that is told once. */
  open(id: number): RecordBatch | null {
    try {
      const row: unknown = this.read.get([id]);
      if (!Array.isArray(row)) return null;
      const [checksum, data] = row as [number, Buffer];
      if (crc32(data) !== checksum) throw new Error('its checksum does not fit');
      return openBatch(data);
    } catch (error) {
      if (!this.told.has(id)) this.onDamaged(id, error);
      this.told.add(id);
      return null;
    }
  }
}
