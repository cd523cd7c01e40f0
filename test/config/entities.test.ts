import { describe, expect, it } from 'vitest';
import { loadText, refusalLines } from './load-text.js';

const team = (rules: string): string => `teams: { t: ${rules} }`;

describe('budgets and limits', () => {
  it('are read with their windows', () => {
    const text = team(
      '{ budgets: [{ usd: 5, per: day, time_zone: Europe/Berlin }, { usd: 4, per: day, time_zone: Europe/Berlin, hard: false }], ' +
        'limits: { rpm: 3, parallel_requests: 2, windows: [{ usd: 1.5, input_tokens: 9, per: week, window: rolling }] } }',
    );
    expect(loadText(text).config.entities.get('team:t')?.link).toEqual({
      kind: 'team',
      id: 't',
      name: 't',
      budgets: [
        { capNanos: 5e9, per: 'day', window: 'calendar', timeZone: 'Europe/Berlin', hard: true },
        { capNanos: 4e9, per: 'day', window: 'calendar', timeZone: 'Europe/Berlin', hard: false },
      ],
      limits: [
        { of: 'requests', max: 3, per: 'minute', window: 'calendar', timeZone: 'UTC' },
        { of: 'input_tokens', max: 9, per: 'week', window: 'rolling', timeZone: 'UTC' },
        { of: 'nanos', max: 1.5e9, per: 'week', window: 'rolling', timeZone: 'UTC' },
      ],
      parallel: 2,
    });
  });

  it.each([
    ['a negative amount', '{ budgets: [{ usd: -1, per: day }] }', 'above 0'],
    ['an absurd amount', '{ budgets: [{ usd: 1e300, per: day }] }', 'at most 9000000'],
    ['half a request', '{ limits: { rpm: 0.5 } }', 'a whole number'],
    [
      'an unknown zone',
      '{ budgets: [{ usd: 1, per: day, time_zone: Mars/Olympus }] }',
      'a time zone such as',
    ],
    [
      'a zone of a rolling window',
      '{ budgets: [{ usd: 1, per: day, window: rolling, time_zone: UTC }] }',
      'no time zone with a rolling window',
    ],
    [
      'two budgets of one window',
      '{ budgets: [{ usd: 1, per: day }, { usd: 2, per: day }] }',
      'another entry has the same one',
    ],
    [
      'two limits of one window',
      '{ limits: { windows: [{ requests: 1, per: day }, { requests: 2, per: day }] } }',
      'another entry has the same one',
    ],
    ['a limit of nothing', '{ limits: { windows: [{ per: day }] } }', 'at least one of requests'],
    ['a network that is none', '{ ip_ranges: [10.0.0.0/99] }', 'a network such as'],
    ['a date that is none', '{ expires: 2026-99-99 }', 'a date such as'],
  ])('refuse %s', (_, rules, said) => {
    expect(refusalLines(team(rules)).join('\n')).toContain(said);
  });
});

describe('entities', () => {
  it.each([
    ['an id with an injection', 'teams: { "x\'; DROP TABLE keys": {} }', 'an id: letters'],
    ['an id that breaks a header', 'teams: { "x\\r\\nset-cookie": {} }', 'an id: letters'],
    ['a customer with a line break', 'customers: { "a\\nb": {} }', 'without control characters'],
    [
      'a key with two parents',
      'keys: [{ name: a, value: hg-0123456789abcdef, team: a, project: b }]',
      'the nearest',
    ],
    ['a key with neither value nor hash', 'keys: [{ name: a }]', 'the key: visible characters'],
    ['a hash that is none', 'keys: [{ name: a, hash: "sha256:12" }]', '64 hexadecimal digits'],
  ])('refuse %s', (_, text, said) => {
    expect(refusalLines(text).join('\n')).toContain(said);
  });
});

it('budgets and limits that nothing counts yet are told at the start, not kept silent about', () => {
  const { warnings } = loadText(`
teams:
  support: { budgets: [{ usd: 5, per: day }], limits: { parallel_requests: 3 } }
users:
  ann: { limits: { rpm: 5 } }
keys:
  - { name: counted, value: hg-key-0123456789-a, budget: { usd: 1, per: month }, limits: { rpm: 5, tpm: 5, sockets: 2 } }
  - { name: zone, value: hg-key-0123456789-b, budgets: [{ usd: 1, per: month, time_zone: Europe/Berlin }] }
`);
  expect(warnings.map(({ path }) => path)).toEqual([
    'keys[1].budgets',
    'teams.support.budgets',
    'teams.support.limits.parallel_requests',
    'users.ann.limits',
  ]);
  expect(warnings[0]?.message).toContain('not counted by this version');
});
