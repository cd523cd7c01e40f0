import { type MetricFamily, single } from '../observe/metric-family.js';

/** How the ledger itself fares. */
export interface LedgerNumbers {
  inFlightRequests: number;
  received: number;
  stored: number;
  lost: number;
  waiting: number;
  backlogBytes: number;
  logWritesDropped: number;
  bodiesDropped: number;
  ok: boolean;
}

/** The ledger's own metrics. */
export function ledgerFamilies(numbers: LedgerNumbers): MetricFamily[] {
  return [
    single('gauge', 'headgate_in_flight_requests', 'Requests being served.', numbers.inFlightRequests),
    single(
      'counter',
      'headgate_records_spooled_total',
      'Settled records taken in by the ledger.',
      numbers.received,
    ),
    single(
      'counter',
      'headgate_records_stored_total',
      'Settled records written to the database.',
      numbers.stored,
    ),
    single('counter', 'headgate_records_lost_total', 'Settled records that could not be kept.', numbers.lost),
    single(
      'gauge',
      'headgate_records_waiting',
      'Settled records in memory that wait for the database.',
      numbers.waiting,
    ),
    single(
      'gauge',
      'headgate_spool_backlog_bytes',
      'Bytes of the spool that the database lacks.',
      numbers.backlogBytes,
    ),
    single(
      'counter',
      'headgate_log_writes_dropped_total',
      'Writes of log lines dropped for a slow reader.',
      numbers.logWritesDropped,
    ),
    single(
      'counter',
      'headgate_bodies_dropped_total',
      'Requests whose bodies were to be kept and could not be.',
      numbers.bodiesDropped,
    ),
    single('gauge', 'headgate_ledger_ok', '1 while spool and database can be written.', numbers.ok ? 1 : 0),
  ];
}
