import type { SinkRow } from '@headgate/sdk';
import { otlp } from './otlp.js';

const rows: readonly SinkRow[] = [otlp];

/** All sinks that come with Headgate, by id. */
export const sinkRows: ReadonlyMap<string, SinkRow> = new Map(rows.map((row) => [row.id, row]));
