import { gatewayError } from '../errors.js';
import { type FormFile, FormScan, type FormText } from './form-scan.js';
import type { SpoolFile } from './spool-file.js';

/** The parts of a form that is here as a whole, in memory or in a file. */
export class FormContents {
  private constructor(
    private readonly whole: Buffer | SpoolFile,
    readonly texts: readonly FormText[],
    readonly files: readonly FormFile[],
  ) {}

  /** Rejects when it is no form. */
  static async of(whole: Buffer | SpoolFile, boundary: string): Promise<FormContents> {
    const scan = new FormScan(boundary, true);
    for await (const chunk of piecesOf(whole, 0, sizeOf(whole))) scan.push(chunk);
    const why = scan.why ?? (scan.ended ? null : 'it ends in the middle of a part');
    if (why !== null) throw gatewayError('invalid_form', { why });
    return new FormContents(whole, scan.texts, scan.files);
  }

  chunks({ start, end }: FormFile): AsyncIterable<Buffer> {
    return piecesOf(this.whole, start, end);
  }
}

function sizeOf(whole: Buffer | SpoolFile): number {
  return Buffer.isBuffer(whole) ? whole.length : whole.size;
}

async function* piecesOf(whole: Buffer | SpoolFile, start: number, end: number): AsyncGenerator<Buffer> {
  if (Buffer.isBuffer(whole)) yield whole.subarray(start, end);
  else yield* whole.chunks(start, end);
}
