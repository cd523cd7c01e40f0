import type { HeaderList } from '@headgate/sdk';

/**
 * Turns undici's raw header buffers into a flat list with lower-case names, for one provider. A provider says nearly the
 * same with every answer: a piece that reads as the one at its place in the answer before is that very string again, so
 * names are neither cut out nor lower-cased anew, and the lists of finished requests share their text.
 */
export class HeaderLists {
  /** Of the answer before: names as they came, values as they are. */
  private readonly last: string[] = [];
  /** The same, with names in lower case. */
  private readonly list: string[] = [];

  read(raw: readonly Buffer[]): HeaderList {
    const list: HeaderList = new Array(raw.length);
    for (let i = 0; i < raw.length; i++) {
      const piece = raw[i] as Buffer;
      if (!reads(piece, this.last[i])) this.remember(i, piece.toString('latin1'));
      list[i] = this.list[i] as string;
    }
    return list;
  }

  private remember(i: number, piece: string): void {
    this.last[i] = piece;
    this.list[i] = i % 2 === 0 ? piece.toLowerCase() : piece;
  }
}

/** A loop, because pieces are short: a call of a native function costs more than it saves. */
function reads(piece: Buffer, text: string | undefined): boolean {
  if (text === undefined || text.length !== piece.length) return false;
  for (let i = 0; i < piece.length; i++) if (text.charCodeAt(i) !== piece[i]) return false;
  return true;
}
