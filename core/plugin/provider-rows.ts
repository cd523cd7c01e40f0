import { type ProviderRow, type ProviderRowInput, providerRow } from '@headgate/sdk';
import { ONCE } from '../config/once.js';

/** The provider rows there are, by id. There are hundreds and a gateway uses a few: only these are filled in. */
export class ProviderRows {
  private readonly written = new Map<string, ProviderRowInput>();
  private readonly filled = new Map<string, ProviderRow>();

  /** Takes the place of an earlier one of the same id. */
  add(row: ProviderRowInput): void {
    this.written.set(row.id, row);
    this.filled.delete(row.id);
  }

  /** With all defaults. Throws a ZodError when it is not a row. */
  get(id: string): ProviderRow | undefined {
    const known = this.filled.get(id);
    if (known !== undefined) return known;
    const written = this.written.get(id);
    if (written === undefined) return undefined;
    const row = providerRow.parse(written, ONCE);
    this.filled.set(id, row);
    return row;
  }

  has(id: string): boolean {
    return this.written.has(id);
  }

  keys(): IterableIterator<string> {
    return this.written.keys();
  }

  /** All of them, with all defaults. */
  values(): ProviderRow[] {
    return [...this.written.keys()].map((id) => this.get(id) as ProviderRow);
  }

  /** As they were written, without defaults. */
  inputs(): IterableIterator<ProviderRowInput> {
    return this.written.values();
  }
}
