import { RECORD_FIELDS } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { requestsCsv } from '../../core/admin/requests/request-csv.js';
import { requestJson } from '../../core/admin/requests/request-json.js';
import { detailOf } from '../../core/observe/settled-detail.js';
import { recordJson } from '../../plugins/sinks/record-json.js';
import { settled } from '../store/records.js';

const NAMES = Object.keys(RECORD_FIELDS);
const record = settled({
  error: 'timeout',
  errorMessage: 'It took too long, "again"',
  costNano: 1_500_001,
  metadata: { feature: 'search', plan: 'gold, new' },
  plugins: ['budget'],
});

describe('what is told of a request', () => {
  it('has the same names in lists, tables and sinks', () => {
    const [header, row] = requestsCsv([record]).split('\r\n');
    expect(header?.split(',')).toEqual(NAMES);
    expect(row).toContain('"It took too long, ""again"""');

    expect(row).toMatch(/,"\{""feature"":""search"",""plan"":""gold, new""\}"$/);

    const { usage, error, ...rest } = requestJson(record);
    const { code, message } = error as { code: string; message: string };
    const listed = { ...rest, ...(usage as object), error: code, error_message: message };
    expect(Object.keys(listed).sort()).toEqual([...NAMES].sort());

    const { trace_id, span_id, parent_id, ...sent } = recordJson(detailOf(record));
    expect(Object.keys(sent).sort()).toEqual([...NAMES].sort());
    expect([trace_id, span_id, parent_id]).not.toContain(undefined);
    // Beside how money and attempts are written, they are the same values, too.
    const alike = ({ cost_usd: _cost, attempts: _tries, ...others }: Record<string, unknown>) => others;
    expect(alike(sent)).toEqual(alike(listed));
    expect([sent['cost_usd'], listed['cost_usd' as never]]).toEqual([0.001500001, '0.001500001']);
  });

  it('is read page after page with one line of names', () => {
    expect(requestsCsv([record], false).split('\r\n')).toHaveLength(2);
  });
});
