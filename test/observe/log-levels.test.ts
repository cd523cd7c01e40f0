import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { LogLevels } from '../../core/observe/log-levels.js';
import { LogWriter } from '../../core/observe/log-writer.js';
import { prettyLines } from '../../core/observe/pretty-line.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';

it('a part has its own level, else that of all, and for no longer than it was set for', () => {
  let now = 1_000;
  const levels = new LogLevels('warn', () => now);
  const written = (): string =>
    (['gateway', 'mcp', 'plugin:budget', 'plugin:other'] as const)
      .map(
        (part) =>
          (['debug', 'info', 'warn', 'error'] as const).find((level) => levels.writes(level, part)) ??
          'silent',
      )
      .join(' ');
  expect(written()).toBe('warn warn warn warn');
  levels.replace([
    { component: 'mcp', level: 'debug', untilMs: 2_000 },
    { component: 'plugin', level: 'error', untilMs: null },
    { component: 'plugin:budget', level: 'silent', untilMs: null },
    { component: null, level: 'info', untilMs: 3_000 },
  ]);
  expect(written()).toBe('info debug silent error');
  now = 2_000;
  expect(written()).toBe('info info silent error');
  now = 3_000;
  expect(written()).toBe('warn warn silent error');
  expect(levels.changes.map(({ component }) => component)).toEqual(['plugin', 'plugin:budget']);
});

it('requests are written at another level while it is set', async () => {
  const file = join(tempDir(), 'log');
  const log = new LogWriter({ level: 'warn', requests: true, file });
  log.requests([settled()]);
  log.levels.replace([{ component: 'requests', level: 'info', untilMs: null }]);
  log.requests([settled({ model: 'told' })]);
  log.line('info', 'not told');
  log.levels.replace([]);
  log.requests([settled()]);
  await log.close();
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { model: string }).model)).toEqual(['told']);
});

it('lines for people have time, level, message and what is known, on one line each', () => {
  const line = JSON.stringify({
    level: 'warn',
    time: 0,
    msg: 'two\nlines',
    server: 'a b',
    n: 2,
    none: null,
    list: [1],
  });
  expect(prettyLines(`${line}\n${line}\n`, false)).toBe(
    '1970-01-01T00:00:00.000Z WARN  two lines server="a b" n=2 list=[1]\n'.repeat(2),
  );
  expect(prettyLines(`${line}\n`, true)).toContain('\u001b[33mWARN \u001b[0m');
});

it('the last lines are kept, and no more of them than there is room for', async () => {
  const log = new LogWriter({ level: 'info', requests: true, file: join(tempDir(), 'log') });
  for (let i = 0; i < 5_000; i++)
    log.line('info', `line ${i}`, { filler: 'a quick brown fox jumps over it '.repeat(10) });
  const kept = log.recentLines(10_000).map((line) => (JSON.parse(line) as { msg: string }).msg);
  await log.close();
  expect(kept.at(-1)).toBe('line 4999');
  expect(kept.length).toBeGreaterThan(500);
  expect(kept.length).toBeLessThan(3_000);
});
