import { describe, expect, it } from 'vitest';
import { loadText, refusalLines } from './load-text.js';

const team = (rules: string): string => `teams: { t: ${rules} }`;

describe('budgets and limits', () => {
  it('are read with their windows', () => {
    const text = team(
      '{ budgets: [{ usd: 5, per: day, time_zone: Europe/Berlin, raise: { usd: 2, until: 2026-12-01 }, ' +
        'downgrade: { at: 0.8, to: openrouter/openai/gpt-5-nano } }, ' +
        '{ usd: 4, per: day, time_zone: Europe/Berlin, hard: false, reserve: expected }], ' +
        'limits: { rpm: 3, parallel_requests: 2, windows: [{ usd: 1.5, input_tokens: 9, per: week, window: rolling }] } }',
    );
    expect(loadText(text).config.entities.get('team:t')?.link).toEqual({
      kind: 'team',
      id: 't',
      name: 't',
      budgets: [
        {
          capNanos: 5e9,
          per: 'day',
          window: 'calendar',
          timeZone: 'Europe/Berlin',
          hard: true,
          reserve: 'most',
          raise: { nanos: 2e9, untilMs: Date.UTC(2026, 11, 1) },
          downgrade: { share: 0.8, provider: 'openrouter', model: 'openai/gpt-5-nano' },
        },
        {
          capNanos: 4e9,
          per: 'day',
          window: 'calendar',
          timeZone: 'Europe/Berlin',
          hard: false,
          reserve: 'expected',
          raise: null,
          downgrade: null,
        },
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
    [
      'a share that is none',
      '{ budgets: [{ usd: 1, per: day, downgrade: { at: 80, to: openai/x } }] }',
      'a share above 0',
    ],
    [
      'a cheaper model without a provider',
      '{ budgets: [{ usd: 1, per: day, downgrade: { at: 0.8, to: gpt } }] }',
      'a target such as',
    ],
    ['a raise without an end', '{ budgets: [{ usd: 1, per: day, raise: { usd: 1 } }] }', 'until'],
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
