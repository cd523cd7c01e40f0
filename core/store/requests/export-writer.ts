import type { SettledRecord } from '@headgate/sdk';
import { requestsCsv } from '../../admin/requests/request-csv.js';
import { requestJson } from '../../admin/requests/request-json.js';
import type { ExportFormat } from './export-format.js';

/** Turns records into the bytes of a file, some records after the others. Each answer is the next part of it. */
export interface ExportWriter {
  add(records: readonly SettledRecord[]): Uint8Array;
  end(): Uint8Array;
}

export async function exportWriter(format: ExportFormat): Promise<ExportWriter> {
  if (format === 'parquet') {
    const { ParquetRecords } = await import('./parquet-records.js');
    return new ParquetRecords();
  }
  return format === 'csv' ? new CsvRecords() : new JsonRecords();
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

class JsonRecords implements ExportWriter {
  add(records: readonly SettledRecord[]): Uint8Array {
    return encoder.encode(records.map((record) => `${JSON.stringify(requestJson(record))}\n`).join(''));
  }

  end(): Uint8Array {
    return NOTHING;
  }
}

class CsvRecords implements ExportWriter {
  private headed = false;

  add(records: readonly SettledRecord[]): Uint8Array {
    const text = requestsCsv(records, !this.headed);
    this.headed = true;
    return encoder.encode(text);
  }

  end(): Uint8Array {
    return this.headed ? NOTHING : this.add([]);
  }
}
