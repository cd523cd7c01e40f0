import {
  RECORD_FIELD_NAMES,
  RECORD_FIELDS,
  type RecordField,
  type RecordValue,
  type SettledRecord,
} from '@headgate/sdk';
import { usdText } from '../../money.js';
import { csv, type Field } from '../csv.js';
import { iso } from '../entity-text.js';

const COLUMNS: readonly RecordField[] = Object.values(RECORD_FIELDS);

/** A line for each request; what is not known is empty. @param headed with a line of names before them */
export function requestsCsv(records: readonly SettledRecord[], headed = true): string {
  return csv(
    headed ? RECORD_FIELD_NAMES : null,
    records.map((record) => COLUMNS.map((one) => cell(one, record))),
  );
}

function cell({ kind, of }: RecordField, record: SettledRecord): Field {
  const value = of(record);
  if (value === null) return '';
  if (typeof value === 'number')
    return kind === 'nano' ? usdText(value) : kind === 'time' ? iso(value) : value;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value;
  if (isList(value)) return value.join(' ');
  // As JSON, so that it can be taken apart again whatever is in it.
  return Object.keys(value).length === 0 ? '' : JSON.stringify(value);
}

function isList(value: RecordValue): value is readonly string[] | readonly number[] {
  return Array.isArray(value);
}
