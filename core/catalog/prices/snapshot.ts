import { readFileSync } from 'node:fs';
import type { PriceRow, SnapshotMeta } from './price-row.js';

/**
 * One snapshot file. It stays in memory as bytes, outside the heap, and only the providers in use are parsed: a
 * gateway that talks to three providers holds three small objects, not five thousand.
 *
 * The layout is JSON with one section a provider, which starts with a line `"id":{` and ends with a line `}`.
 */
export class Snapshot {
  readonly meta: SnapshotMeta;
  readonly #bytes: Buffer;
  readonly #sections = new Map<string, ReadonlyMap<string, PriceRow> | null>();

  /** Throws if the file is missing or has no metadata: the installation is broken then. */
  constructor(file: URL) {
    this.#bytes = readFileSync(file);
    const start = this.#bytes.indexOf('"_meta":') + '"_meta":'.length;
    const line = this.#bytes.toString('utf8', start, this.#bytes.indexOf('\n', start));
    this.meta = JSON.parse(line.replace(/,$/, '')) as SnapshotMeta;
  }

  /** The models of one provider in the file's order, or null when the file does not know it. */
  section(id: string): ReadonlyMap<string, PriceRow> | null {
    let section = this.#sections.get(id);
    if (section === undefined) {
      section = this.#parse(id);
      this.#sections.set(id, section);
    }
    return section;
  }

  #parse(id: string): ReadonlyMap<string, PriceRow> | null {
    const opening = `\n${JSON.stringify(id)}:{\n`;
    const start = this.#bytes.indexOf(opening);
    if (start === -1) return null;
    const from = start + Buffer.byteLength(opening) - 2;
    const text = this.#bytes.toString('utf8', from, this.#bytes.indexOf('\n}', from) + 2);
    return new Map(Object.entries(JSON.parse(text) as Record<string, PriceRow>));
  }
}
