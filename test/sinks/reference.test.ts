import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SinkRow, SinkSetting } from '@headgate/sdk';
import { describe, expect, it } from 'vitest';
import { sinkRows } from '../../plugins/sinks/index.js';

const file = fileURLToPath(new URL('../../docs/sinks.md', import.meta.url));
const BEGIN = '<!-- Written by UPDATE_DOCS=1 npx vitest run test/sinks/reference -->\n';
const END = '\n<!-- end -->';
const SENDS: Readonly<Record<SinkRow['sends'], string>> = {
  otlp: 'traces over OTLP',
  http: 'its own API',
  messages: 'messages',
  objects: 'objects',
  lines: 'lines',
};

function settingText(name: string, { required, about, default: usual, env }: SinkSetting): string {
  const from = env === undefined ? '' : ` (${env.map((one) => `\`${one}\``).join(', ')})`;
  const must = required === true ? ', **required**' : '';
  const otherwise = usual === undefined ? '' : `, \`${usual}\` when left out`;
  return `\`${name}\`: ${about}${from}${must}${otherwise}`;
}

function table(): string {
  const rows = [...sinkRows.values()].map((row) => {
    const settings = Object.entries(row.settings).map(([name, setting]) => settingText(name, setting));
    return `| \`${row.id}\` | [${row.title}](${row.docs}) | ${SENDS[row.sends]} | ${settings.join('; ')} |`;
  });
  return ['', '| `use` | who | told by | settings |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

describe('docs/sinks.md', () => {
  it('has all sinks with what they ask for', () => {
    const text = readFileSync(file, 'utf8');
    const [begin, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)];
    const wanted = text.slice(0, begin) + table() + text.slice(end);
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, wanted);
    else expect(text).toBe(wanted);
  });
});

describe('the rows of sinks', () => {
  it.each([...sinkRows.values()])('$id says where it is documented, and has possible settings', (row) => {
    expect(row.id).toMatch(/^[a-z0-9][a-z0-9-]*$/);
    expect(row.docs).toMatch(/^https:\/\//);
    for (const [name, setting] of Object.entries(row.settings)) {
      expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
      expect(setting.about).not.toBe('');
      if (setting.words !== undefined && setting.default !== undefined)
        expect(setting.words).toContain(setting.default);
      // What looks like a secret is one.
      if (/key|token|secret|password|credential|dsn|sas/.test(name))
        expect(setting.type, name).toBe('secret');
    }
  });
});
