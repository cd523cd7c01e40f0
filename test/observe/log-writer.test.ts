import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LogWriter } from '../../core/observe/log-writer.js';
import { settled } from '../store/records.js';
import { tempDir } from '../store/temp-dir.js';

test('requests are written at info and left out above it', async () => {
  for (const [level, lines] of [
    ['info', 2],
    ['warn', 0],
  ] as const) {
    const file = join(tempDir(), 'log.jsonl');
    const log = new LogWriter({ level, requests: true, file });
    log.requests([settled(), settled()]);
    await log.close();
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(lines + 1);
  }
});

test('requests can be left out alone', async () => {
  const file = join(tempDir(), 'log.jsonl');
  const log = new LogWriter({ level: 'info', requests: false, file });
  log.requests([settled()]);
  log.line('info', 'hello', { port: 8080 });
  await log.close();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ level: 'info', msg: 'hello', port: 8080 });
});

test('a log that cannot be written does not stop anything', async () => {
  const log = new LogWriter({ level: 'info', requests: true, file: '/dev/full' });
  log.requests([settled()]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  log.requests([settled()]);
  log.line('error', 'more');
  await log.close();
});
